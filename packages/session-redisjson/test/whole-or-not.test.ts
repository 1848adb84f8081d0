import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkCommit, Conversation } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'redis';

import { reasonOf } from '../../../tools/reason.ts';
import type { RedisServer } from '../../../tools/redis-server/launch-server.ts';
import { runRedis } from '../../../tools/redis-server/local-redis.ts';
import { redisBinaries, type RedisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { parseCommitReply, refusal } from '../src/scripts/commit-reply.ts';
import { commitRequest } from '../src/scripts/commit-request.ts';
import { commitScript } from '../src/scripts/commit.lua.ts';
import { begin, type Change, changes, sightOf } from './changes-of-a-session.ts';
import { snapshotOf } from './key-snapshot.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
const cases = Object.entries(changes);

/** The rules as the README states them. */
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const stated = /ACL SETUSER \S+ on >\S+ ~\S+ (.*)$/m.exec(readme)?.[1]?.split(' ') ?? [];

const pairs = stated.flatMap((one, at) => stated.slice(at + 1).map((other) => [one, other]));
const some = Array.from({ length: 12 }, (_, seed) =>
  stated.filter((_command, at) => ((seed + 3) * (at + 7) * 2_654_435_761) % 5 < 2),
);

async function clientWithout(missing: readonly string[]) {
  const name = `user-${randomUUID()}`;
  const granted = stated.filter((command) => !missing.includes(command));
  await redis.command('ACL', 'SETUSER', name, 'on', '>secret', '~*', ...granted);
  const url = new URL(redis.url);
  url.username = name;
  url.password = 'secret';
  const client = createClient({ url: url.href });
  client.on('error', () => {});
  await client.connect();
  const end = async () => {
    await client.quit();
    await redis.command('ACL', 'DELUSER', name);
  };
  return { client, end };
}

describe('A1 a change without all that the README tells to grant is made whole or not at all', () => {
  test('and the README tells to grant what changes need', () => {
    expect(stated).toEqual(expect.arrayContaining(['+json.merge', '+json.arrappend', '+pexpire']));
  });

  test.each([
    ['each', stated.map((command) => [command])],
    ['each two', pairs],
    ['some', some],
  ])('without %s', async (_name, missingSets) => {
    for (const missing of missingSets) {
      const { client, end } = await clientWithout(missing);
      const store = new RedisJsonSessionStore(client);
      const tried = cases.map(([name, change]) =>
        tryTwice(change, `${name}, ${missing.join()}`, store),
      );
      await Promise.all(tried);
      await end();
    }
  });
});

/** As somebody would who is told that it was not applied; and then once more, when all is granted. */
async function tryTwice(change: Change, what: string, store: RedisJsonSessionStore) {
  const sessionId = redis.newSessionId();
  const key = `session:${sessionId}`;
  if (!change.begins) await begin(redis.store, sessionId);
  const run = (on: RedisJsonSessionStore) =>
    change.run(new Conversation({ store: on, sessionId, ttlMs: 3_600_000 }), {
      operationId: 'the change',
    });
  for (let tries = 0; tries < 2; tries += 1) {
    const start = await snapshotOf(redis.client, key);
    const failure = await run(store).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined) {
      expect([what, await sightOf(redis.store, sessionId)]).toEqual([what, change.after]);
    } else {
      expect(failure).toMatchObject({ code: 'permission_denied', outcome: 'not_applied' });
      expect([what, await snapshotOf(redis.client, key)]).toEqual([what, start]);
    }
  }
  await run(redis.store);
  expect([what, await sightOf(redis.store, sessionId)]).toEqual([what, change.after]);
}

/** The script as on Redis 6, which cannot be asked what may be run. */
const unasking = `local redis = {call = redis.call, pcall = redis.pcall, sha1hex = redis.sha1hex} ${commitScript.text}`;

describe('A1 a server that cannot be asked what may be run', () => {
  const commit = checkCommit({
    operationId: 'one',
    append: [{ role: 'user', content: 'four' }],
    ttlMs: 1e6,
  });

  test.each([
    ['+json.arrappend', 'refuses before anything is written'],
    ['+pexpire', 'has written when it refuses, and says that the outcome is unknown'],
  ])('without %s %s', async (missing, outcome) => {
    const sessionId = redis.newSessionId();
    await begin(redis.store, sessionId);
    const key = `session:${sessionId}`;
    const start = await snapshotOf(redis.client, key);
    const { client, end } = await clientWithout([missing]);
    const request = commitRequest(sessionId, commit, undefined);
    const reply = client.sendCommand(['EVAL', unasking, '1', key, ...request.args()]);
    if (outcome.startsWith('refuses')) {
      await expect(reply).rejects.toThrow(/permissions|NOPERM|ACL/);
      expect(await snapshotOf(redis.client, key)).toEqual(start);
    } else {
      expect(refusal(sessionId, parseCommitReply(await reply, request), 'one')).toMatchObject({
        code: 'store_failed',
        outcome: 'unknown',
        operationId: 'one',
        message: expect.stringMatching(/pexpire/i),
      });
    }
    await end();
  });

  test('is committed to where all is granted', async () => {
    const sessionId = redis.newSessionId();
    await begin(redis.store, sessionId);
    const request = commitRequest(sessionId, commit, undefined);
    await redis.command('EVAL', unasking, '1', `session:${sessionId}`, ...request.args());
    const { contents, count } = await sightOf(redis.store, sessionId);
    expect({ contents, count }).toEqual({ contents: ['one', 'two', 'three', 'four'], count: 4 });
  });
});

const binaries = await redisBinaries().catch(reasonOf);
const testWithOwnServer = testUnless(typeof binaries === 'string' ? binaries : undefined);

describe('A1 a server without JSON.MERGE', () => {
  let server: RedisServer;
  let client: ReturnType<typeof createClient>;
  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    server = await startWithoutMerge(binaries);
    client = createClient({ url: server.url });
    client.on('error', () => {});
    await client.connect();
  });
  afterAll(async () => {
    if (typeof binaries === 'string') return;
    await client.quit();
    await server.stop();
  });

  for (const [name, change] of cases) {
    testWithOwnServer(`${name} is made whole, and once`, async () => {
      const store = new RedisJsonSessionStore(client);
      const sessionId = randomUUID();
      if (!change.begins) await begin(store, sessionId);
      const conversation = new Conversation({ store, sessionId });
      for (let tries = 0; tries < 2; tries += 1) {
        await change.run(conversation, { operationId: 'the change' });
        expect(await sightOf(store, sessionId)).toEqual(change.after);
      }
    });
  }

  testWithOwnServer('a time and a token sum are kept to the digit', async () => {
    const store = new RedisJsonSessionStore(client);
    const sessionId = randomUUID();
    await begin(store, sessionId);
    await client.sendCommand([
      'JSON.SET',
      `session:${sessionId}`,
      '$.metadata.total_tokens',
      '9007199254740000',
    ]);
    const conversation = new Conversation({ store, sessionId });
    await conversation.append([{ role: 'user', content: 'four', tokens: 991 }]);
    const [message] = await conversation.messages({ last: 1 });
    expect(await conversation.load()).toMatchObject({
      totalTokens: 9_007_199_254_740_991,
      updatedAtMs: message?.timestampMs,
    });
  });
});

/** Its module has another name for the command: as far as anybody can tell, it is not there. */
async function startWithoutMerge({ jsonModule, ...others }: RedisBinaries): Promise<RedisServer> {
  const text = readFileSync(jsonModule, 'latin1').replaceAll('json.merge', 'json.m_rge');
  const folder = await mkdtemp(join(tmpdir(), 'agent-sessions-module-'));
  const path = join(folder, 'rejson.so');
  await writeFile(path, text, { encoding: 'latin1', mode: 0o755 });
  try {
    return await runRedis({ ...others, jsonModule: path });
  } finally {
    // It is loaded.
    await rm(folder, { recursive: true });
  }
}
