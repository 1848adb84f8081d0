import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Conversation } from '@agent-sessions/session-core';
import { testSessionStore } from '@agent-sessions/session-conformance';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { createClient } from 'redis';

import { testRedisUrl } from './redis-for-tests.ts';

/** The rules as the README states them: what this file tests is what users copy. */
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const stated = /ACL SETUSER \S+ on >\S+ (~\S+ .*)$/m.exec(readme)?.[1] ?? 'not stated';

const run = randomUUID();
const admin = createClient({ url: testRedisUrl() });

beforeAll(async () => {
  await admin.connect();
});
afterAll(async () => {
  for await (const key of admin.scanIterator({ MATCH: `*${run}*`, COUNT: 1000 })) {
    await admin.unlink(key);
  }
  await admin.quit();
});

/** A client of a user with these rules, on keys of this test only. */
async function clientWith(rules: string) {
  const name = `user-${randomUUID()}`;
  const own = rules.replace('~session:*', `~${run}:*`).split(' ');
  await admin.sendCommand(['ACL', 'SETUSER', name, 'on', '>secret', ...own]);
  const url = new URL(testRedisUrl());
  url.username = name;
  url.password = 'secret';
  const client = createClient({ url: url.href });
  client.on('error', () => {});
  await client.connect();
  const end = async () => {
    await client.quit();
    await admin.sendCommand(['ACL', 'DELUSER', name]);
  };
  return { client, end };
}

testSessionStore(
  { describe, it },
  {
    name: 'RedisJsonSessionStore, as the user that its README tells to make',
    capabilities: {
      durable: true,
      sharedWriters: true,
      expiry: true,
      state: true,
      sessions: false,
    },
    create: async () => {
      const opened: { end(): Promise<void> }[] = [];
      const keyPrefix = `${run}:${randomUUID()}:`;
      return {
        open: async () => {
          const { client, end } = await clientWith(stated);
          opened.push({ end });
          return new RedisJsonSessionStore(client, { keyPrefix });
        },
        dispose: async () => {
          await Promise.all(opened.map(({ end }) => end()));
        },
      };
    },
  },
);

describe('what is not granted', () => {
  test.each(['+json.get', '+json.set', '+json.merge', '+json.arrappend', '+pexpire', '+evalsha'])(
    'without %s a commit says what to grant, and writes nothing',
    async (granted) => {
      const { client, end } = await clientWith(stated.replace(` ${granted}`, ''));
      const store = new RedisJsonSessionStore(client, { keyPrefix: `${run}:` });
      const conversation = new Conversation({ store, ttlMs: 60_000 });
      await expect(commitTwice(conversation)).rejects.toMatchObject({
        code: 'permission_denied',
        message: expect.stringContaining('Grant'),
      });
      await end();
    },
  );

  test('another key is not touched', async () => {
    const { client, end } = await clientWith(stated);
    const store = new RedisJsonSessionStore(client, { keyPrefix: 'elsewhere:' });
    const conversation = new Conversation({ store });
    await expect(commitTwice(conversation)).rejects.toMatchObject({ code: 'permission_denied' });
    await end();
  });
});

/** The first commit creates the session, and needs other commands than the second. */
async function commitTwice(conversation: Conversation): Promise<void> {
  await conversation.append([{ role: 'user', content: 'one' }]);
  await conversation.append([{ role: 'user', content: 'two' }]);
}
