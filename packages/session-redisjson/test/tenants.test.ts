import { Conversation, nothingRead } from '@agent-sessions/session-core';
import type { SessionStore } from '@agent-sessions/session-core';
import { JSONSession, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { failureOf } from './failure-of.ts';
import { snapshotOf } from './key-snapshot.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
const secret = 'what Ada said in confidence';
const said = (content: string) => ({ role: 'user', content }) as const;

async function listed(store: SessionStore, userId?: string): Promise<string[]> {
  const ids = [];
  for await (const id of store.list({ userId })) ids.push(id);
  return ids;
}

/** Every call that a store has, by somebody who must find nothing; answers all that they say. */
async function tryEverything(store: SessionStore, sessionId: string, userId?: string) {
  const append = [said('by an intruder')];
  const change = (commit: object) =>
    store.commit(sessionId, { operationId: 'o', userId, ...commit });
  const calls: readonly (() => Promise<unknown>)[] = [
    () => store.read(sessionId, { userId }),
    () => store.read(sessionId, { userId, last: 1 }),
    () => store.read(sessionId, { userId, role: 'user' }),
    () => store.metadata(sessionId, { userId }),
    () => store.state(sessionId, { userId }),
    () => store.create(sessionId, { userId }),
    () => change({ append }),
    () => change({ append: [], agent: 'intruder' }),
    () => change({ drop: 1, returnDropped: true }),
    () => change({ drop: 'all', append, forgetOperations: true }),
    () => change({ drop: 'all', expect: null, append }),
    () => change({ state: { title: 'theirs' }, usage: { requests: 1 } }),
    () => change({ claim: userId !== undefined }),
    () => store.delete(sessionId, { userId }),
    () => listed(store, userId),
  ];
  const answers: unknown[] = [];
  for (const call of calls) {
    answers.push(
      await call().catch((error: unknown) => {
        if (!(error instanceof Error)) throw error;
        return { message: error.message, code: Reflect.get(error, 'code') as unknown };
      }),
    );
  }
  return answers;
}

describe('A session of another user', () => {
  test('is not found, not forbidden: nobody learns that it is there', async () => {
    const sessionId = redis.newSessionId();
    await new Conversation({ store: redis.store, sessionId, userId: 'ada' }).append([said(secret)]);
    const before = await snapshotOf(redis.client, `session:${sessionId}`);

    const told = await tryEverything(redis.store, sessionId, 'mallory');
    expect(JSON.stringify(told)).not.toContain(secret);
    const none = nothingRead();
    expect(told.slice(0, 5)).toEqual([none, none, none, undefined, {}]);
    for (const refused of told.slice(5, 13)) {
      expect(refused).toMatchObject({ code: 'session_not_found' });
    }
    expect(told.slice(13)).toEqual([false, []]);
    expect(await snapshotOf(redis.client, `session:${sessionId}`)).toEqual(before);

    const load = JSONSession.load(sessionId, { redisUrl: redis.url, userId: 'mallory' });
    expect(await failureOf(load)).toMatchObject({ code: 'session_not_found' });
  });

  test('however the name of a user is made', async () => {
    const sessionId = redis.newSessionId();
    const userId = 'ada';
    const conversation = new Conversation({ store: redis.store, sessionId, userId });
    await conversation.append([said(secret)]);
    const before = await snapshotOf(redis.client, `session:${sessionId}`);
    const name = fc.oneof(
      fc.constantFrom('*', 'Ada', 'ada\u0000', ' ada', 'ada ', 'ad?', '[a]da', 'null', '"ada"'),
      fc.constantFrom('ada" || "1"=="1', '__proto__', 'undefined', '$.user_id', 'a\u0301da'),
      fc
        .string({ unit: 'binary', minLength: 1, maxLength: 20 })
        .filter((text) => text.isWellFormed()),
    );
    await fc.assert(
      fc.asyncProperty(name, async (other) => {
        fc.pre(other !== userId);
        expect(await redis.store.read(sessionId, { userId: other })).toMatchObject({ mark: null });
        const append = [said('by an intruder')];
        const commit = { operationId: other, append, userId: other };
        expect(await failureOf(redis.store.commit(sessionId, commit))).toMatchObject({
          code: 'session_not_found',
        });
        expect(await redis.store.delete(sessionId, { userId: other })).toBe(false);
      }),
    );
    expect(await snapshotOf(redis.client, `session:${sessionId}`)).toEqual(before);
    expect(await conversation.messages()).toMatchObject([{ content: secret }]);
  });
});

describe('A store bound to a tenant by its prefix', () => {
  test('reaches no session of another tenant, however the id is made', async () => {
    const base = redis.newKeyPrefix();
    const acme = new RedisJsonSessionStore(redis.client, { keyPrefix: `${base}acme:` });
    const evil = new RedisJsonSessionStore(redis.client, { keyPrefix: `${base}acm` });
    const ids = ['chat', 'e:chat', '*', '__proto__'];
    for (const id of ids) await acme.commit(id, { operationId: 'one', append: [said(secret)] });
    const keys = ids.map((id) => `${base}acme:${id}`);
    const before = await Promise.all(keys.map((key) => snapshotOf(redis.client, key)));

    const reaching = fc.oneof(
      // What makes the very key of the other: "acm" and "e:chat".
      fc.constantFrom(...ids.map((id) => `e:${id}`), '*', 'e:*', '../acme:chat', 'e:?', '\u0000'),
      fc
        .string({ unit: 'binary', minLength: 1, maxLength: 20 })
        .filter((text) => text.isWellFormed()),
      fc.string({
        unit: fc.constantFrom('e', ':', 'c', 'h', 'a', 't', '*', '\\'),
        minLength: 1,
        maxLength: 8,
      }),
    );
    await fc.assert(
      fc.asyncProperty(reaching, async (id) => {
        const told = await tryEverything(evil, id);
        expect(JSON.stringify(told)).not.toContain(secret);
      }),
    );
    expect(await Promise.all(keys.map((key) => snapshotOf(redis.client, key)))).toEqual(before);
    expect((await listed(acme)).toSorted()).toEqual(ids.toSorted());
  });
});
