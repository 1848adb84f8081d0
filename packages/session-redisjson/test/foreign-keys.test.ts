import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import { JSONSession } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';

import { failureOf } from './failure-of.ts';
import { snapshotOf } from './key-snapshot.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
const said = { role: 'user', content: 'Hello' } as const;

const json = (key: string, value: unknown) =>
  redis.command('JSON.SET', key, '$', JSON.stringify(value));

/** What others may have put under the key of a session. */
const others: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
  'a string': (key) => redis.command('SET', key, 'of another'),
  'a string of JSON': (key) => redis.command('SET', key, '{"session_id":"mine","messages":[]}'),
  'a number': (key) => redis.command('INCR', key),
  'a list': (key) => redis.command('RPUSH', key, 'a', 'b'),
  'a set': (key) => redis.command('SADD', key, 'a', 'b'),
  'a sorted set': (key) => redis.command('ZADD', key, '1', 'a'),
  'a hash': (key) => redis.command('HSET', key, 'session_id', 'mine', 'messages', '[]'),
  'a stream': (key) => redis.command('XADD', key, '*', 'a', 'b'),
  'a hyperloglog': (key) => redis.command('PFADD', key, 'a'),
  'a session of connect-redis': (key) => json(key, { cookie: { path: '/' }, user: 7 }),
  'a chat history of LangChain': (key) =>
    json(key, { messages: [{ type: 'human', data: { content: 'Hello' } }], index: 0 }),
  'a JSON list': (key) => json(key, [1, 2]),
  'a JSON text': (key) => json(key, 'text'),
  'a JSON number': (key) => json(key, 7),
  'a JSON null': (key) => json(key, null),
  'an empty JSON object': (key) => json(key, {}),
};

describe('F21 a key that holds something else', () => {
  test.each(Object.entries(others))(
    '(%s) is left as it is, and every call says so',
    async (_what, put) => {
      const sessionId = redis.newSessionId();
      const key = `session:${sessionId}`;
      await put(key);
      await redis.command('PEXPIREAT', key, '32503680000000');
      const before = await snapshotOf(redis.client, key);

      const conversation = new Conversation({ store: redis.store, sessionId, ttlMs: 1000 });
      const asAda = new Conversation({ store: redis.store, sessionId, userId: 'ada', ttlMs: 1000 });
      const session = new AgentsSession({ store: redis.store, sessionId, ttlMs: 1000 });
      const python = redis.closeAtEnd(new JSONSession({ sessionId, redisUrl: redis.url, ttl: 1 }));
      const calls: readonly (() => Promise<unknown>)[] = [
        ...[conversation, asAda].flatMap((each) => [
          () => each.create(),
          () => each.append([said]),
          () => each.pop(),
          () => each.replaceTail('all', [said]),
          () => each.clear(),
          () => each.commit({ drop: 'all', forgetOperations: true }),
          () => each.trackAgent('Desk'),
          () => each.messages(),
          () => each.messages({ last: 1 }),
          () => each.messages({ role: 'user' }),
          () => each.metadata(),
          () => each.delete(),
        ]),
        () => session.getItems(),
        () => session.addItems([said]),
        () => session.popItem(),
        () => session.clearSession(),
        () => session.replaceHistoryWithCompaction([said]),
        () => python.create(),
        () => python.addMessage('user', 'Hello'),
        () => python.getMessages(),
        () => python.clear(),
        () => python.delete(),
        () => JSONSession.load(sessionId, redis.url),
      ];
      for (const call of calls) {
        expect(await failureOf(call())).toMatchObject({
          name: 'SessionError',
          code: 'not_a_session',
          outcome: 'not_applied',
          retryable: false,
        });
      }
      expect(await snapshotOf(redis.client, key)).toEqual(before);
      expect(await isListed(sessionId)).toBe(false);
    },
  );
});

async function isListed(sessionId: string): Promise<boolean> {
  for await (const id of redis.store.list()) if (id === sessionId) return true;
  return false;
}
