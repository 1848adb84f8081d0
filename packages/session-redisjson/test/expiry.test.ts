import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import { JSONSession, openSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';
import { RunContext } from '@openai/agents-core';

import { failureOf } from './failure-of.ts';
import { cloneInOwnRealm } from '../../agents-adapter/test/own-realm.ts';
import { useTestRedis } from './redis-for-tests.ts';

cloneInOwnRealm();

const redis = useTestRedis();
const said = (content: string) => ({ role: 'user', content }) as const;
const hourMs = 3_600_000;

const keyOf = (sessionId: string) => `session:${sessionId}`;
const remaining = async (sessionId: string) =>
  Number(await redis.command('PTTL', keyOf(sessionId)));
/** Sets what is left so low that a write which slides it is seen, and so high that none is late. */
const shorten = (sessionId: string) =>
  redis.command('PEXPIRE', keyOf(sessionId), String(hourMs / 4));
/** Lets a session expire now, without waiting for it. */
const expire = (sessionId: string) => redis.command('PEXPIREAT', keyOf(sessionId), '1');
const isThere = async (sessionId: string) =>
  (await redis.command('EXISTS', keyOf(sessionId))) === 1;

async function expectFullTtl(sessionId: string): Promise<void> {
  const ms = await remaining(sessionId);
  expect(ms).toBeGreaterThan(hourMs / 2);
  expect(ms).toBeLessThanOrEqual(hourMs);
}

describe('F15 the expiry', () => {
  const creations: Readonly<Record<string, (sessionId: string) => Promise<unknown>>> = {
    'Conversation.create': (id) => newConversation(id, hourMs).create(),
    'Conversation.append': (id) => newConversation(id, hourMs).append([said('Hello')]),
    'Conversation.trackAgent': (id) => newConversation(id, hourMs).trackAgent('Desk'),
    'AgentsSession.addItems': (id) =>
      new AgentsSession({ store: redis.store, sessionId: id, ttlMs: hourMs }).addItems([said('a')]),
    'JSONSession.create': (id) => newJsonSession(id, hourMs / 1000).create(),
    'JSONSession.addMessage': (id) => newJsonSession(id, hourMs / 1000).addMessage('user', 'Hello'),
  };
  test.each(Object.entries(creations))('is set at creation: %s', async (_name, create) => {
    const sessionId = redis.newSessionId();
    await create(sessionId);
    await expectFullTtl(sessionId);
  });

  /** All that writes, by callers who know nothing of the TTL. */
  const writes: Readonly<Record<string, (sessionId: string) => Promise<unknown>>> = {
    append: (id) => newConversation(id).append([said('more')]),
    'append of nothing': (id) => newConversation(id).append([]),
    pop: (id) => newConversation(id).pop(),
    'drop and add': (id) => newConversation(id).replaceTail(1, [said('other')]),
    'replacement of all': (id) => newConversation(id).replaceTail('all', [said('other')]),
    clear: (id) => newConversation(id).clear(),
    'clear of an empty history': async (id) => {
      await newConversation(id).clear();
      await shorten(id);
      await newConversation(id).clear();
    },
    trackAgent: (id) => newConversation(id).trackAgent('Desk'),
    'addItems of the SDK': (id) => newAgentsSession(id).addItems([said('more')]),
    'popItem of the SDK': (id) => newAgentsSession(id).popItem(),
    'clearSession of the SDK': (id) => newAgentsSession(id).clearSession(),
    'a history transaction': (id) =>
      newAgentsSession(id).applyHistoryTransaction({
        operationId: 'one',
        transaction: { type: 'append_items', items: [said('more')] },
      }),
    'a compaction': async (id) => {
      const session = newAgentsSession(id);
      await session.getItems();
      await session.replaceHistoryWithCompaction([said('in short')]);
    },
    'addMessage of a JSONSession': (id) => newJsonSession(id).addMessage('user', 'more'),
    'addMessage of a JSONSession that was loaded': async (id) => {
      const loaded = redis.closeAtEnd(await JSONSession.load(id, redis.url));
      await loaded.addMessage('user', 'more');
    },
    'clear of a JSONSession': (id) => newJsonSession(id).clear(),
  };
  test.each(Object.entries(writes))('is slid, and kept, by %s', async (_name, write) => {
    const sessionId = redis.newSessionId();
    await newConversation(sessionId, hourMs).append([said('a'), said('b')]);
    await shorten(sessionId);
    await write(sessionId);
    await expectFullTtl(sessionId);
    // And the one after it slides it still: it was not only set once more.
    await shorten(sessionId);
    await newConversation(sessionId).append([said('later')]);
    await expectFullTtl(sessionId);
    expect(await newConversation(sessionId).load()).toMatchObject({ ttlMs: hourMs });
  });

  const reads: Readonly<Record<string, (sessionId: string) => Promise<unknown>>> = {
    read: (id) => newConversation(id).read(),
    metadata: (id) => newConversation(id).metadata(),
    'create of what is there': (id) => newConversation(id).create(),
    'load by another process': async (id) =>
      redis.closeAtEnd(await JSONSession.load(id, redis.url)).getMessages(),
    'getItems of the SDK': (id) => newAgentsSession(id).getItems(),
    list: (id) => isListed(id),
    'a repeated commit': (id) =>
      newConversation(id).append([said('a')], { operationId: 'the first' }),
    'a commit that is refused': async (id) =>
      failureOf(newConversation(id).append([said('b')], { expect: null })),
    'deletion by another user': (id) => redis.store.delete(id, { userId: 'mallory' }),
  };
  test.each(Object.entries(reads))('is neither slid nor lost by %s', async (_name, read) => {
    const sessionId = redis.newSessionId();
    await newConversation(sessionId, hourMs).append([said('a')], { operationId: 'the first' });
    await redis.command('PEXPIREAT', keyOf(sessionId), '32503680000000');
    await read(sessionId);
    expect(await redis.command('PEXPIRETIME', keyOf(sessionId))).toBe(32_503_680_000_000);
  });

  test('inside a run is reported to its next write, and no empty session begins', async () => {
    const sessionId = redis.newSessionId();
    const session = new AgentsSession({ store: redis.store, sessionId, ttlMs: hourMs });
    await session.addItems([said('before')]);
    const run = new RunContext();
    expect(await session.getItems(undefined, run)).toHaveLength(1);
    await session.addItems([said('of the run')], run);
    await expire(sessionId);

    const expected = { code: 'session_not_found', outcome: 'not_applied' };
    for (const write of [
      () => session.addItems([said('lost')], run),
      () => session.popItem(run),
      () => session.replaceHistoryWithCompaction([said('in short')], run),
      () =>
        session.applyHistoryTransaction(
          { operationId: 'o', transaction: { type: 'append_items', items: [said('lost')] } },
          run,
        ),
    ]) {
      expect(await failureOf(write())).toMatchObject(expected);
      expect(await isThere(sessionId)).toBe(false);
    }
    // A run that begins now finds nothing, and begins anew.
    const next = new RunContext();
    expect(await session.getItems(undefined, next)).toEqual([]);
    await session.addItems([said('anew')], next);
    expect(await session.getItems()).toEqual([said('anew')]);
    await expectFullTtl(sessionId);
  });
});

describe('F16 a session that another process deletes in mid-run', () => {
  /** A run has read the session; then another process deletes it. */
  async function deletedInMidRun(after: (sessionId: string) => Promise<unknown>) {
    const sessionId = redis.newSessionId();
    const session = newAgentsSession(sessionId);
    await session.addItems([said('before')]);
    const run = new RunContext();
    await session.getItems(undefined, run);
    const { mark } = await session.conversation.read();
    const other = redis.closeAtEnd(await openSessionStore(redis.url));
    expect(await other.delete(sessionId)).toBe(true);
    await after(sessionId);
    return { sessionId, session, run, mark };
  }

  const aftermaths: Readonly<Record<string, (sessionId: string) => Promise<unknown>>> = {
    'is gone': async () => {},
    'has begun anew': (id) => newConversation(id).append([said('of another')]),
    'has begun anew, and is as long and said the same': (id) =>
      newConversation(id).append([said('before')]),
  };
  test.each(Object.entries(aftermaths))(
    'and %s: every write says so, and leaves nothing half-made',
    async (_name, after) => {
      const { sessionId, session, run, mark } = await deletedInMidRun(after);
      const before = await redis.document(keyOf(sessionId));
      const { conversation } = session;
      for (const write of [
        () => session.addItems([said('lost')], run),
        () => session.popItem(run),
        () => conversation.append([said('lost')], { expect: mark }),
        () => conversation.replaceTail(1, [said('lost')], { expect: mark }),
        () => conversation.clear({ expect: mark }),
      ]) {
        expect(await failureOf(write())).toMatchObject({
          name: 'SessionError',
          code: 'session_not_found',
          outcome: 'not_applied',
        });
        expect(await redis.document(keyOf(sessionId))).toEqual(before);
      }
      const failure = await failureOf(session.replaceHistoryWithCompaction([said('x')], run));
      expect(failure).toMatchObject({ name: 'SessionError' });
      expect(await redis.document(keyOf(sessionId))).toEqual(before);
    },
  );
});

async function isListed(sessionId: string): Promise<boolean> {
  for await (const id of redis.store.list()) if (id === sessionId) return true;
  return false;
}

function newConversation(sessionId: string, ttlMs?: number): Conversation {
  return new Conversation({ store: redis.store, sessionId, ttlMs });
}

function newAgentsSession(sessionId: string): AgentsSession {
  return new AgentsSession({ store: redis.store, sessionId });
}

function newJsonSession(sessionId: string, ttl?: number): JSONSession {
  return redis.closeAtEnd(new JSONSession({ sessionId, redisUrl: redis.url, ttl }));
}
