import { expect, test } from '@jest/globals';
import { askServer } from '../redis-server/server-facts.ts';
import { startProgram } from './start-program.ts';

test.each(['SIGINT', 'SIGTERM'] as const)(
  'npm run redis prints a URL that answers and ends on %s with nothing left',
  async (signal) => {
    const program = startProgram('tools/run.mjs', ['redis'], { AGENT_SESSIONS_REDIS: 'cache' });
    const url = await program.nextLine();
    await expect(askServer(url)).resolves.toMatchObject({ jsonVersion: expect.any(String) });
    program.child.kill(signal);
    expect(await program.exited).toBe(0);
    await expect(askServer(url)).rejects.toThrow('ECONNREFUSED');
    expect(program.errors).toMatch(/^Redis \S+ with RedisJSON/m);
  },
);

test('npm run redis fails in one line when it is told nonsense', async () => {
  const program = startProgram('tools/run.mjs', ['redis', '--json-version', '1.0']);
  expect(await program.exited).toBe(1);
  expect(program.errors).toBe('RedisJSON "1.0" cannot be chosen: use 2.6 or 2.8.\n');
});
