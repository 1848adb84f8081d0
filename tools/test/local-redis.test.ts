import { expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { withConnection } from '../redis-server/connection.ts';
import { unusedPort } from '../port-of.ts';
import { startRedisServer } from '../redis-server/index.ts';
import { askServer } from '../redis-server/server-facts.ts';
import { until } from '../until.ts';
import { startProgram } from './start-program.ts';

test('a server answers, knows JSON, and leaves nothing when stopped', async () => {
  const server = await startRedisServer();
  const { jsonVersion } = await askServer(server.url);
  expect(jsonVersion).toMatch(/^\d+\.\d+\.\d+$/);
  expect(isRunning(server.pid)).toBe(true);
  expect(existsSync(server.folder)).toBe(true);
  await server.stop();
  expect(isRunning(server.pid)).toBe(false);
  expect(existsSync(server.folder)).toBe(false);
});

test('a port that is taken is given up for another', async () => {
  const first = await startRedisServer();
  const ports = [first.port, await unusedPort()];
  const second = await startRedisServer({ findPort: async () => ports.shift() ?? unusedPort() });
  expect(second.port).not.toBe(first.port);
  expect(second.pid).not.toBe(first.pid);
  await Promise.all([first.stop(), second.stop()]);
});

test('a server that does not start fails with the end of its log', async () => {
  await expect(startRedisServer({ args: ['--no-such-option', 'yes'] })).rejects.toThrow(
    /no-such-option/,
  );
});

test('a password is asked for and part of the URL', async () => {
  const server = await startRedisServer({ password: 'p@ss/word' });
  await expect(withConnection(server.url, (redis) => redis.ping())).resolves.toBe('PONG');
  const anonymous = `redis://127.0.0.1:${server.port}`;
  await expect(withConnection(anonymous, (redis) => redis.ping())).rejects.toThrow('NOAUTH');
  await server.stop();
});

test('a restart keeps the port and what is on disk, also after a kill', async () => {
  const server = await startRedisServer({ args: ['--appendonly', 'yes'] });
  const { pid, port } = server;
  await withConnection(server.url, (redis) => redis.set('kept', 'yes'));
  await server.restart();
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
  process.kill(server.pid, 'SIGKILL');
  await server.restart();
  await expect(withConnection(server.url, (redis) => redis.get('kept'))).resolves.toBe('yes');
  await server.stop();
});

test('a server that a test has stopped can still be ended', async () => {
  const server = await startRedisServer();
  process.kill(server.pid, 'SIGSTOP');
  await server.stop();
  expect(isRunning(server.pid)).toBe(false);
});

test('nothing is left when the process that started a server is killed', async () => {
  const program = startProgram('tools/test/program-holding-a-server.ts');
  const { pid, folder } = heldServer(await program.nextLine());
  expect(isRunning(pid)).toBe(true);
  program.child.kill('SIGKILL');
  await program.exited;
  await until('the server is gone', () => !isRunning(pid));
  await until('its data is gone', () => !existsSync(folder));
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function heldServer(line: string): { pid: number; folder: string } {
  const [pid, folder = ''] = line.split(' ');
  return { pid: Number(pid), folder };
}
