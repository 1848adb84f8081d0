import { CachingSessionStore } from '@agent-sessions/session-cache';
import {
  Conversation,
  newOperationId,
  nothingRead,
  type NewMessage,
  type ReadQuery,
  roles,
  type SessionStore,
  stringifyJson,
} from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { PartlyDamagedStore } from '../../session-memory/test/partly-damaged-store.ts';
import { RecordingStore } from './recording-store.ts';

const sessionId = 'chat-1';

function newStores(maxBytes?: number) {
  const beneath = new RecordingStore();
  const store = new CachingSessionStore(beneath, { maxBytes });
  return { beneath, store, conversation: new Conversation({ store, sessionId }) };
}

function messages(count: number, content = 'said'): NewMessage[] {
  return Array.from({ length: count }, () => ({ role: 'user', content }));
}

describe('What is asked of the store beneath', () => {
  test('is all at first, and then only what was added', async () => {
    const { beneath, conversation } = newStores();
    await conversation.append(messages(100));
    expect(await conversation.messages()).toHaveLength(100);
    expect(await conversation.messages()).toHaveLength(100);
    await conversation.append(messages(3));
    expect(await conversation.messages()).toHaveLength(103);
    expect(beneath.reads.map((read) => read.messages)).toEqual([100, 0, 3]);
    expect(beneath.reads.map(({ query }) => query?.since?.length)).toEqual([undefined, 100, 100]);
  });

  test('is only what was added for the last ones and those of a role, too, once all are known', async () => {
    const { beneath, conversation } = newStores();
    await conversation.append(messages(100));
    expect(await conversation.messages({ last: 5 })).toHaveLength(5);
    expect(await conversation.messages({ role: 'tool' })).toHaveLength(0);
    expect(beneath.reads.map(({ query }) => query?.since)).toEqual([undefined, undefined]);
    await conversation.messages();
    await conversation.append([{ role: 'tool', content: 'answered' }]);
    expect(await conversation.messages({ last: 5 })).toHaveLength(5);
    expect(await conversation.messages({ role: 'tool' })).toHaveLength(1);
    expect(await conversation.messages({ role: 'user', last: 7 })).toHaveLength(7);
    expect(beneath.reads.map((read) => read.messages)).toEqual([5, 0, 100, 1, 0, 0]);
  });

  test('is what the caller asks where that is less', async () => {
    const { beneath, conversation } = newStores();
    await conversation.append(messages(10));
    const { mark } = await conversation.read();
    await conversation.append(messages(2));
    expect(await conversation.read({ last: 0 })).toMatchObject({ mark: { length: 12 } });
    const since = await conversation.read(mark ? { since: mark } : {});
    expect(since).toMatchObject({ continues: true, messages: [{}, {}] });
    expect(beneath.reads.map((read) => read.messages)).toEqual([10, 0, 2]);
  });

  test('is all again where history did not only grow', async () => {
    const { beneath, conversation } = newStores();
    await conversation.append(messages(10));
    await conversation.messages();
    await conversation.pop();
    expect(await conversation.messages()).toHaveLength(9);
    expect(await conversation.messages()).toHaveLength(9);
    expect(beneath.reads.map((read) => read.messages)).toEqual([10, 9, 0]);
  });

  test('is once for each of several reads at once, and all are right', async () => {
    const { conversation } = newStores();
    await conversation.append(messages(5));
    await conversation.messages();
    const reads = Array.from({ length: 20 }, async (_, index) => {
      if (index % 5 === 0) await conversation.append(messages(1, `added ${index}`));
      const read = await conversation.messages();
      return new Set(read.map(({ id }) => id)).size === read.length;
    });
    expect(await Promise.all(reads)).toEqual(reads.map(() => true));
    expect(await conversation.messages()).toHaveLength(9);
  });
});

describe('What is answered', () => {
  const change = fc.record({
    by: fc.constantFrom('cached', 'beneath'),
    drop: fc.constantFrom(0, 0, 0, 1, 3, 'all'),
    append: fc.array(fc.constantFrom(...roles), { maxLength: 4 }),
    recreate: fc.nat(9).map((dice) => dice === 0),
  });
  const queries: ReadQuery[] = [
    {},
    { last: 0 },
    { last: 2 },
    { role: 'user' },
    { role: 'tool', last: 1 },
    { last: 100 },
  ];

  test('is what the store beneath answers, whoever changes the session and however', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const beneath = new MemorySessionStore();
        const stores: Record<string, SessionStore> = {
          beneath,
          cached: new CachingSessionStore(beneath, { maxBytes: 4000 }),
        };
        for (const { by, drop, append, recreate } of changes) {
          if (recreate) await beneath.delete(sessionId);
          await stores[by]?.commit(sessionId, {
            operationId: newOperationId(),
            drop: drop === 'all' ? drop : Number(drop),
            append: append.map((role) => ({ role, content: { of: role } })),
          });
          for (const query of queries) {
            expect(await stores['cached']?.read(sessionId, query)).toEqual(
              await beneath.read(sessionId, query),
            );
          }
        }
      }),
    );
  });

  test('is the caller’s: what he does to it changes nothing', async () => {
    const { conversation } = newStores();
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] };
    await conversation.append([{ role: 'user', item }]);
    const first = await conversation.messages();
    const expected = structuredClone(first);
    for (const message of [...first, ...(await conversation.messages())]) {
      message.id = 'changed';
      if (Array.isArray(message.content)) message.content.push('changed');
      if (message.item) message.item['content'] = 'changed';
    }
    first.push(...first);
    expect(await conversation.messages()).toEqual(expected);
  });

  test('keeps -0, the order of keys and members named like parts of Object', async () => {
    const { beneath, conversation } = newStores();
    const content: unknown = JSON.parse('{"z":-0,"a":[{"__proto__":{"x":1}}],"constructor":[]}');
    await conversation.append([{ role: 'user', content }]);
    await conversation.messages();
    const [message] = await conversation.messages();
    expect(stringifyJson(message?.content ?? null)).toBe(
      '{"z":-0,"a":[{"__proto__":{"x":1}}],"constructor":[]}',
    );
    expect(message).toEqual((await beneath.read(sessionId)).messages[0]);
  });

  test('is nothing for another user, whatever is known', async () => {
    const { store } = newStores();
    const own = new Conversation({ store, sessionId, userId: 'ada' });
    const other = new Conversation({ store, sessionId, userId: 'eve' });
    await own.append(messages(2));
    expect(await own.messages()).toHaveLength(2);
    expect(await other.read()).toEqual(nothingRead());
    expect(await own.messages()).toHaveLength(2);
  });

  test('is nothing once the session is gone, and what it is where there is another', async () => {
    const { beneath, conversation } = newStores();
    await conversation.append(messages(2));
    await conversation.messages();
    await beneath.delete(sessionId);
    expect(await conversation.read()).toMatchObject({ messages: [], mark: null });
    await conversation.append(messages(1, 'new'));
    expect(await conversation.messages()).toMatchObject([{ content: 'new' }]);
  });
});

describe('A2 A history of which messages cannot be read', () => {
  test('is answered as the store beneath does, whatever was known of it', async () => {
    const beneath = new PartlyDamagedStore();
    const store = new CachingSessionStore(beneath);
    const conversation = new Conversation({ store, sessionId });
    const queries: ReadQuery[] = [
      ...([{}, { last: 2 }, { last: 3 }, { role: 'user' }, { role: 'user', last: 1 }] as const),
      ...([{ before: 3 }, { before: 3, last: 1 }, { last: 0 }] as const),
    ];
    await conversation.append(messages(3));
    await conversation.messages();
    await conversation.append(messages(3));
    for (const damaged of [[4], [4], [], [0, 4], [3], []]) {
      beneath.damaged = damaged;
      for (const query of [...queries, ...queries.toReversed()]) {
        // What was damaged in place after it was read is known by its mark only.
        if (damaged.some((at) => at < 3)) await conversation.replaceTail(1, messages(1));
        expect(await store.read(sessionId, query)).toEqual(await beneath.read(sessionId, query));
      }
    }
  });
});

describe('What is kept', () => {
  /** Which sessions are known: of those, a read asks only for what was added. */
  async function known(ids: readonly string[], { store, beneath }: ReturnType<typeof newStores>) {
    const found = [];
    for (const id of ids) {
      // A read that does not touch what is kept of others.
      const from = beneath.reads.length;
      await store.read(id, { last: 1 });
      if (beneath.reads[from]?.query?.since) found.push(id);
    }
    return found;
  }

  test('is as much as maxBytes allows: what was read longest ago makes room', async () => {
    const stores = newStores(10_000);
    for (const id of ['a', 'b', 'c']) {
      await new Conversation({ store: stores.store, sessionId: id }).append(
        messages(8, 'x'.repeat(100)),
      );
    }
    await stores.store.read('a');
    await stores.store.read('b');
    await stores.store.read('a');
    await stores.store.read('c');
    expect(await known(['b', 'a', 'c'], stores)).toEqual(['a', 'c']);
  });

  test('is no history that alone is larger, nor one that becomes so', async () => {
    const stores = newStores(10_000);
    const conversation = new Conversation({ store: stores.store, sessionId: 'a' });
    await conversation.append(messages(2, 'x'.repeat(1000)));
    await conversation.messages();
    expect(await known(['a'], stores)).toEqual(['a']);
    await conversation.append(messages(4, 'x'.repeat(1000)));
    expect(await conversation.messages()).toHaveLength(6);
    expect(await known(['a'], stores)).toEqual([]);
    expect(await conversation.messages()).toHaveLength(6);
  });

  test('is nothing of a session that was deleted, and nothing after the end', async () => {
    const stores = newStores();
    await stores.conversation.append(messages(2));
    await stores.conversation.messages();
    expect(await stores.conversation.delete()).toBe(true);
    expect(await known([sessionId], stores)).toEqual([]);
    await stores.store.close();
    expect(stores.beneath.isClosed).toBe(true);
  });

  test.each([0, -1, 0.5, Number.NaN])('cannot be %d bytes', (maxBytes) => {
    expect(() => newStores(maxBytes)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', field: 'maxBytes' }),
    );
  });
});
