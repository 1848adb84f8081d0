import { inspect } from 'node:util';

import { JSONSession, openSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';

import { reasonOf } from '../../../tools/reason.ts';
import { startRedisServer } from '../../../tools/redis-server/index.ts';
import { redisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { parseRedisUrl } from '../src/connection/redis-url.ts';
import { failureOf } from './failure-of.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
const noOwnServer = await redisBinaries().then(() => undefined, reasonOf);

const tcp = (host: string, port = 6379, tls = false) => ({ host, port, tls });

const understood: Record<string, unknown> = {
  'redis://': { socket: tcp('localhost') },
  'redis://localhost': { socket: tcp('localhost') },
  'REDIS://localhost/': { socket: tcp('localhost') },
  'rediss://redis.example:6380': { socket: tcp('redis.example', 6380, true) },
  'redis://host/2': { socket: tcp('host'), database: 2 },
  'redis://host?db=2': { socket: tcp('host'), database: 2 },
  // As redis-py: what is asked for holds.
  'redis://host/1?db=2': { socket: tcp('host'), database: 2 },
  'redis://host:7000/?db=0': { socket: tcp('host', 7000), database: 0 },
  'redis://[::1]:7000/3': { socket: tcp('::1', 7000), database: 3 },
  'redis://[::1]': { socket: tcp('::1') },
  'redis://:secret@host': { socket: tcp('host'), password: 'secret' },
  'redis://ada:s%2Fe%23c%40r%3At@host': {
    socket: tcp('host'),
    username: 'ada',
    password: 's/e#c@r:t',
  },
  'redis://ada:a:b@host': { socket: tcp('host'), username: 'ada', password: 'a:b' },
  'redis://ada@host': { socket: tcp('host'), username: 'ada' },
  'redis:///4': { socket: tcp('localhost'), database: 4 },
  'unix:///run/redis.sock': { socket: { path: '/run/redis.sock' } },
  'unix:/run/redis.sock': { socket: { path: '/run/redis.sock' } },
  'unix://ada:secret@/run/re%20dis.sock?db=1': {
    socket: { path: '/run/re dis.sock' },
    username: 'ada',
    password: 'secret',
    database: 1,
  },
};

const notUnderstood = [
  'redis://ada:pass/word@host',
  'redis://ada:pass#word@host',
  'redis://ada:pass?word@host',
  'redis://ada:pass@word@host',
  'redis://ada:pass%word@host',
  'redis://ada:pass%zzword@host',
  'redis://ada:password@host:port',
  'redis://ada:password@host:0',
  'redis://ada:password@host:70000',
  'redis://ada:password@host/one',
  'redis://ada:password@host/1/2',
  'redis://ada:password@host/-1',
  'redis://ada:password@host?db=one',
  'redis://ada:password@host?database=1',
  'redis://ada:password@host?db=1&db=2',
  'redis://ada:password@host?ssl_cert_reqs=none',
  'redis://ada:password@host#1',
  'redis://ada:password@host:1,other:2',
  'redis+sentinel://ada:password@host',
  'http://ada:password@host',
  'unix://',
  'unix:///',
  'ada:password@host',
  'redis:ada:password@host',
  ' redis://ada:password@host',
  '',
];

describe('D8 A URL', () => {
  test.each(Object.entries(understood))('%s is understood', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  test.each(notUnderstood)(
    '%s is refused before anything is done, and is in no part of the error',
    async (url) => {
      for (const opening of [openSessionStore(url), JSONSession.load('mine', url)]) {
        const error = await failureOf(opening);
        expect(error).toMatchObject({ name: 'TypeError', code: 'invalid_argument', field: 'url' });
        expect(inspect(error, { depth: Infinity, showHidden: true })).not.toMatch(
          /ada:pass|word@host/,
        );
      }
    },
  );

  test('that is none is refused', async () => {
    const none: unknown = undefined;
    expect(() => parseRedisUrl(none as string)).toThrow('url must be redis[s]://');
  });
});

test('C4 a slash or # in the password of a URL is no raw error with the URL in it', async () => {
  for (const url of ['redis://ada:pass/word@host', 'redis://ada:pass#word@host']) {
    const error = await failureOf(openSessionStore(url));
    expect(error).toMatchObject({ name: 'TypeError', code: 'invalid_argument', field: 'url' });
    expect(String(error)).toContain('%2F');
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('word@host');
  }
});

test('D8 ?db= names the database, as for redis-py', async () => {
  const sessionId = redis.newSessionId();
  const store = redis.closeAtEnd(await openSessionStore(`${redis.url}?db=3`));
  await store.commit(sessionId, { operationId: 'one', append: [{ role: 'user', content: 'Hi' }] });
  const key = `session:${sessionId}`;
  const there = redis.client.duplicate({ database: 3 });
  await there.connect();
  expect([await redis.client.exists(key), await there.exists(key)]).toEqual([0, 1]);
  await there.del(key);
  await there.quit();
});

testUnless(noOwnServer)('D8 IPv6 in brackets and unix: lead to the server', async () => {
  const server = redis.closeAtEnd(
    await startRedisServer({
      args: ['--unixsocket', 'redis.sock', '--bind', '127.0.0.1', '::1'],
    }).then((started) => ({ ...started, close: () => started.stop() })),
  );
  const urls = [`redis://[::1]:${server.port}`, `unix://${server.folder}/redis.sock?db=0`];
  for (const [index, url] of urls.entries()) {
    const store = redis.closeAtEnd(await openSessionStore(url));
    await store.commit('mine', {
      operationId: `${index}`,
      append: [{ role: 'user', content: url }],
    });
    expect((await store.read('mine')).messages).toHaveLength(index + 1);
    await store.close();
  }
});
