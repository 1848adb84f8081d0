import { Conversation } from '@agent-sessions/session-core';
import { JSONSession, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';
import { commandOptions } from 'redis';

import { failureOf } from './failure-of.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
const said = (content: string) => ({ role: 'user', content }) as const;

/** Ids that a pattern, a path, a cluster or a program may take for something else. */
const ids = [
  ...['*', '?', '[', ']', '[a]', '[^a]', '[a-z]', '\\', '\\*', '\\\\', 'a*', 'a?', '**'],
  ...[':', '::', ':a', 'a:', 'a:b', 'a:b:c', '{', '}', '{}', '{a}', 'a{b}c', '{}{a}', 'session:'],
  ...['\u0000', 'a\u0000', 'a\u0000b', '\n', '\r\n', 'a\nb', '\t', ' ', '  ', 'a', 'A', ' a'],
  ...[
    '🙂',
    '👩‍👩‍👧‍👦',
    '\u{10ffff}',
    'é',
    'e\u0301',
    '\ufeff',
    '\u2028',
    '"',
    "'",
    '`',
    '$',
    '$.messages',
    '..',
    '@',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'null', 'undefined'],
  ...['%00', '%2a', '\\u0000', '\\x00', '0', '-1', '1e3', 'KEYS[1]', "'] end --", '\u0007'],
  ...['x'.repeat(512), `${'x'.repeat(511)}y`, '🙂'.repeat(256), '\u0000'.repeat(512)],
];
/** Ids that cannot be one: none, 10 kB, what is no text of Unicode. */
const impossible = ['', 'x'.repeat(10_000), '\ud800', 'a\udfff', 'x'.repeat(513)];

/** The keys under a prefix as they are, past the driver, to the byte. */
async function keysUnder(prefix: string): Promise<string[]> {
  const all: unknown = await redis.client.sendCommand(
    ['KEYS', '*'],
    commandOptions({ returnBuffers: true }),
  );
  if (!Array.isArray(all)) throw new TypeError('KEYS answers a list.');
  const names = all.map((key: unknown) => Buffer.from(key as Buffer).toString());
  return names.filter((name) => name.startsWith(prefix)).toSorted();
}

describe('F17 hostile ids', () => {
  test('have each one key of their own, which is the prefix and the id', async () => {
    const keyPrefix = redis.newKeyPrefix();
    const store = new RedisJsonSessionStore(redis.client, { keyPrefix });
    for (const id of ids) await new Conversation({ store, sessionId: id }).append([said(id)]);
    expect(await keysUnder(keyPrefix)).toEqual(ids.map((id) => keyPrefix + id).toSorted());
    for (const id of ids) {
      expect(await redis.value(keyPrefix + id, '$.session_id')).toBe(id);
      const { messages } = await store.read(id);
      expect(messages).toMatchObject([{ content: id }]);
      expect(messages).toHaveLength(1);
    }
  });

  test('are deleted alone, and no other key is touched', async () => {
    const keyPrefix = redis.newKeyPrefix();
    const store = new RedisJsonSessionStore(redis.client, { keyPrefix });
    for (const id of ids) await store.create(id);
    // Keys of others, which a pattern made of an id would find.
    const others = ['a1', 'ab', 'z', 'session:x', 'xx'].map((name) => `${keyPrefix}${name}!`);
    for (const key of others) await redis.command('SET', key, 'of another');
    for (const [index, id] of ids.entries()) {
      expect(await store.delete(id)).toBe(true);
      const left = [...ids.slice(index + 1).map((each) => keyPrefix + each), ...others];
      expect(await keysUnder(keyPrefix)).toEqual(left.toSorted());
      expect(await store.delete(id)).toBe(false);
    }
  });

  test('are listed as they are, under a prefix that is a pattern itself', async () => {
    const prefixes = ['*', '?', '[a]', '[', '\\', '{}', '{a}:', '\u0000', '🙂', '"', '\n'];
    const stores = prefixes.map((prefix) => {
      const keyPrefix = `${redis.newKeyPrefix()}${prefix}`;
      return { keyPrefix, store: new RedisJsonSessionStore(redis.client, { keyPrefix }) };
    });
    for (const { store } of stores) for (const id of ids) await store.create(id);
    for (const { store, keyPrefix } of stores) {
      const listed = new Set<string>();
      for await (const id of store.list()) listed.add(id);
      expect([...listed].toSorted()).toEqual(ids.toSorted());
      expect(await keysUnder(keyPrefix)).toHaveLength(ids.length);
    }
  });

  test('split elsewhere between prefix and id do not open the session of the other', async () => {
    const base = redis.newKeyPrefix();
    const one = new RedisJsonSessionStore(redis.client, { keyPrefix: `${base}a:` });
    const other = new RedisJsonSessionStore(redis.client, { keyPrefix: `${base}a:b:` });
    await one.commit('b:c', { operationId: 'one', append: [said('of one')] });
    const key = `${base}a:b:c`;
    const before = await redis.document(key);
    const refused = { code: 'not_a_session' };
    expect(await failureOf(other.read('c'))).toMatchObject(refused);
    expect(await failureOf(other.metadata('c'))).toMatchObject(refused);
    expect(await failureOf(other.create('c'))).toMatchObject(refused);
    expect(await failureOf(other.delete('c'))).toMatchObject(refused);
    for (const drop of [0, 1, 'all'] as const) {
      const commit = { operationId: 'two', drop, append: [said('of other')], returnDropped: true };
      expect(await failureOf(other.commit('c', commit))).toMatchObject(refused);
    }
    expect(await redis.document(key)).toEqual(before);
    for await (const id of other.list()) expect(id).not.toBe('c');
  });

  test('of users and of sessions do not add up to the same: a:b and c, a and b:c', async () => {
    const keyPrefix = redis.newKeyPrefix();
    const store = new RedisJsonSessionStore(redis.client, { keyPrefix });
    const pairs = [
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['a:b:c', '*'],
    ] as const;
    for (const [userId, sessionId] of pairs) {
      await new Conversation({ store, sessionId, userId }).append([said(`${userId} ${sessionId}`)]);
    }
    for (const [userId, sessionId] of pairs) {
      const messages = await new Conversation({ store, sessionId, userId }).messages();
      expect(messages).toMatchObject([{ content: `${userId} ${sessionId}` }]);
      const foreign = pairs.filter(([user]) => user !== userId);
      for (const [other] of foreign) {
        expect(await store.metadata(sessionId, { userId: other })).toBeUndefined();
        expect(await store.delete(sessionId, { userId: other })).toBe(false);
      }
    }
  });

  test('of users, agents, messages and operations are data as well', async () => {
    const keyPrefix = redis.newKeyPrefix();
    const store = new RedisJsonSessionStore(redis.client, { keyPrefix });
    const conversation = new Conversation({ store, sessionId: 'mine', userId: '__proto__' });
    for (const id of ids) {
      const change = { append: [{ ...said('a'), id, agent: id }], agent: id };
      const { repeated } = await conversation.commit(change, { operationId: id });
      expect(repeated).toBe(false);
    }
    for (const id of ids) {
      const change = { append: [{ ...said('a'), id, agent: id }], agent: id };
      expect(await conversation.commit(change, { operationId: id })).toMatchObject({
        repeated: true,
      });
    }
    expect((await conversation.messages()).map(({ id, agent }) => [id, agent])).toEqual(
      ids.map((id) => [id, id]),
    );
    expect((await conversation.load()).agentsUsed).toEqual(ids);
    expect(await keysUnder(keyPrefix)).toEqual([`${keyPrefix}mine`]);
  });

  test.each(impossible)(
    'that cannot be one are refused before anything is sent: %j',
    async (id) => {
      const keyPrefix = redis.newKeyPrefix();
      const store = new RedisJsonSessionStore(redis.client, { keyPrefix });
      const refused = { code: 'invalid_argument', field: 'sessionId' };
      const append = [said('Hello')];
      const calls: readonly (() => Promise<unknown>)[] = [
        () => store.create(id),
        () => store.commit(id, { operationId: 'one', append }),
        () => store.read(id),
        () => store.metadata(id),
        () => store.delete(id),
        () => JSONSession.load(id, redis.url),
      ];
      for (const call of calls) {
        expect(await failureOf(Promise.resolve().then(call))).toMatchObject(refused);
      }
      expect(() => new Conversation({ store, sessionId: id })).toThrow(
        expect.objectContaining(refused),
      );
      expect(await keysUnder(keyPrefix)).toEqual([]);
    },
  );
});
