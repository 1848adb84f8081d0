import { AgentsSession } from '@agent-sessions/agents-adapter';
import type { SessionStore } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type AgentInputItem,
  MemorySession,
  type SessionHistoryTransactionArgs,
  user,
  UserError,
} from '@openai/agents-core';
import { createClient } from 'redis';

import { runChild } from './child-process.ts';
import { asItem, exampleItems } from './example-items.ts';
import { failureOf, outcomeOf } from './failure.ts';
import { type LosingProxy, startLosingProxy } from './losing-proxy.ts';
import { sessions, stores, useRedis } from './stores.ts';

const [a, b, c, d] = [user('a'), user('b'), user('c'), user('d')];

const suffixChanged = new UserError(
  'Session history suffix no longer matches the transaction precondition.',
);
const reused = new UserError(
  'Session history operation was already applied with a different transaction.',
);

function append(items: AgentInputItem[], operationId = 'append'): SessionHistoryTransactionArgs {
  return { operationId, transaction: { type: 'append_items', items } };
}

function replace(
  expectedSuffix: AgentInputItem[],
  replacement: AgentInputItem[],
  operationId = 'replace',
): SessionHistoryTransactionArgs {
  return { operationId, transaction: { type: 'replace_suffix', expectedSuffix, replacement } };
}

/** For callers without types. */
interface LooseSession {
  applyHistoryTransaction(args: unknown): Promise<void> | void;
}

describe.each(sessions)('A transaction of $name', ({ useSessions }) => {
  const newSession = useSessions();

  async function sessionOf(items: AgentInputItem[]) {
    const session = newSession();
    await session.addItems(items);
    return session;
  }

  describe('that appends', () => {
    test('adds its items at the end', async () => {
      const session = await sessionOf([a]);
      await session.applyHistoryTransaction(append([b, c]));
      expect(await session.getItems()).toEqual([a, b, c]);
    });

    test('begins the history where there is none', async () => {
      const session = newSession();
      await session.applyHistoryTransaction(append([a]));
      expect(await session.getItems()).toEqual([a]);
    });

    test('takes items of all variants', async () => {
      const items = Object.values(exampleItems);
      const session = await sessionOf([a]);
      await session.applyHistoryTransaction(append(items));
      expect(JSON.stringify(await session.getItems())).toBe(JSON.stringify([a, ...items]));
    });

    test('nothing changes nothing, but its id is used', async () => {
      const session = await sessionOf([a]);
      await session.applyHistoryTransaction(append([]));
      await session.applyHistoryTransaction(append([]));
      await expect(session.applyHistoryTransaction(append([b]))).rejects.toThrow(reused);
      expect(await session.getItems()).toEqual([a]);
    });
  });

  describe('that replaces the suffix', () => {
    test.each([
      ['the last item', [c], [d], [a, b, d]],
      ['several by fewer', [b, c], [d], [a, d]],
      ['one by several', [c], [c, d, d], [a, b, c, d, d]],
      ['everything', [a, b, c], [d], [d]],
      ['something by nothing', [b, c], [], [a]],
      ['nothing by something', [], [d], [a, b, c, d]],
      ['nothing by nothing', [], [], [a, b, c]],
      ['something by itself', [b, c], [b, c], [a, b, c]],
    ])('replaces %s', async (_name, suffix, replacement, result) => {
      const session = await sessionOf([a, b, c]);
      await session.applyHistoryTransaction(replace(suffix, replacement));
      expect(await session.getItems()).toEqual(result);
    });

    test('begins the history where there is none', async () => {
      const session = newSession();
      await session.applyHistoryTransaction(replace([], [a]));
      expect(await session.getItems()).toEqual([a]);
    });

    test.each([
      ['is another', [d]],
      ['is there, but not at the end', [b]],
      ['is in another order', [c, b]],
      ['is longer than history', [a, a, b, c]],
    ])('F9 refuses where it %s, and does not use the id', async (_name, suffix) => {
      const session = await sessionOf([a, b, c]);
      const transaction = replace(suffix, [d]);
      await expect(session.applyHistoryTransaction(transaction)).rejects.toThrow(suffixChanged);
      await expect(session.applyHistoryTransaction(transaction)).rejects.toThrow(suffixChanged);
      expect(await session.getItems()).toEqual([a, b, c]);
      await session.addItems(suffix);
      await session.applyHistoryTransaction(transaction);
      expect(await session.getItems()).toEqual([a, b, c, d]);
    });

    test('F9 refuses where there is no history', async () => {
      const session = newSession();
      await expect(session.applyHistoryTransaction(replace([a], [b]))).rejects.toThrow(
        suffixChanged,
      );
      expect(await session.getItems()).toEqual([]);
    });

    test('does not mind the order of keys', async () => {
      const session = await sessionOf(Object.values(exampleItems));
      const backwards = Object.values(exampleItems).map((item) => reorder(item));
      await session.applyHistoryTransaction(replace(backwards, [d]));
      expect(await session.getItems()).toEqual([d]);
    });

    test('takes a Buffer and a Uint8Array of the same bytes for equal', async () => {
      const withBytes = (data: Uint8Array): AgentInputItem => ({
        type: 'unknown',
        providerData: { data },
      });
      const bytes = [1, 2, 3];
      const session = await sessionOf([a, withBytes(Buffer.from(bytes))]);
      const read = await session.getItems(1);
      await session.applyHistoryTransaction(replace(read, [withBytes(Buffer.from(bytes))], '1'));
      await session.applyHistoryTransaction(replace([withBytes(new Uint8Array(bytes))], [b], '2'));
      expect(await session.getItems()).toEqual([a, b]);
    });

    test('F9 of 20 at once for the same suffix, one wins', async () => {
      const session = await sessionOf([a, b]);
      const rivals = Array.from({ length: 20 }, (_, index) => user(`rival ${index}`));
      const outcomes = await Promise.all(
        rivals.map((rival, index) =>
          outcomeOf(() => session.applyHistoryTransaction(replace([b], [rival], `rival ${index}`))),
        ),
      );
      const [, winner] = await session.getItems();
      const lost = { error: { kind: 'UserError', message: suffixChanged.message } };
      expect(outcomes).toEqual(
        rivals.map((rival) =>
          JSON.stringify(rival) === JSON.stringify(winner) ? { result: undefined } : lost,
        ),
      );
      expect(await session.getItems()).toHaveLength(2);
    });
  });

  describe('F8 that comes again', () => {
    test.each([
      ['append', append([c])],
      ['replace_suffix', replace([b], [c])],
    ])('(%s) changes nothing, even if history has moved on', async (_name, transaction) => {
      const session = await sessionOf([a, b]);
      await session.applyHistoryTransaction(transaction);
      const once = await session.getItems();
      await session.applyHistoryTransaction(transaction);
      expect(await session.getItems()).toEqual(once);

      await session.addItems([d]);
      await session.applyHistoryTransaction(structuredClone(transaction));
      expect(await session.getItems()).toEqual([...once, d]);
      while ((await session.popItem()) !== undefined);
      await session.applyHistoryTransaction(transaction);
      expect(await session.getItems()).toEqual([]);
    });

    test('does not mind the order of keys', async () => {
      const items = Object.values(exampleItems);
      const session = newSession();
      await session.applyHistoryTransaction(append(items));
      await session.applyHistoryTransaction(append(items.map((item) => reorder(item))));
      expect(await session.getItems()).toEqual(items);
    });

    test.each([
      ['other items', append([b], 'id')],
      ['more items', append([a, a], 'id')],
      ['fewer items', append([], 'id')],
      ['another type', replace([], [a], 'id')],
      ['an item with a member more', append([{ ...a, id: '1' }], 'id')],
    ])('with %s is refused', async (_name, other) => {
      const session = newSession();
      await session.applyHistoryTransaction(append([a], 'id'));
      await expect(session.applyHistoryTransaction(other)).rejects.toThrow(reused);
      expect(await session.getItems()).toEqual([a]);
    });

    test('with another suffix, or -0 for 0, is refused', async () => {
      const session = await sessionOf([a, b]);
      const withNumber = (number: number): AgentInputItem => ({ ...c, providerData: { number } });
      await session.applyHistoryTransaction(replace([b], [withNumber(0)], 'id'));
      for (const other of [
        replace([a, b], [a, withNumber(0)], 'id'),
        replace([b], [withNumber(-0)], 'id'),
      ]) {
        await expect(session.applyHistoryTransaction(other)).rejects.toThrow(reused);
      }
      expect(await session.getItems()).toEqual([a, withNumber(0)]);
    });

    test('after a clearing is new', async () => {
      const session = newSession();
      await session.applyHistoryTransaction(append([a], 'id'));
      await session.clearSession();
      await session.applyHistoryTransaction(append([b], 'id'));
      expect(await session.getItems()).toEqual([b]);
      await expect(session.applyHistoryTransaction(append([a], 'id'))).rejects.toThrow(reused);
    });

    test('20 times at once is applied once', async () => {
      const session = await sessionOf([a, b]);
      for (const transaction of [append([c]), replace([b, c], [d])]) {
        await Promise.all(
          Array.from({ length: 20 }, () => session.applyHistoryTransaction(transaction)),
        );
      }
      expect(await session.getItems()).toEqual([a, d]);
    });

    test('after 1,000 others is known', async () => {
      const session = newSession();
      await session.applyHistoryTransaction(append([a], 'first'));
      for (let batch = 0; batch < 10; batch += 1) {
        await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            session.applyHistoryTransaction(append([], `${batch} ${index}`)),
          ),
        );
      }
      await session.applyHistoryTransaction(append([a], 'first'));
      expect(await session.getItems()).toEqual([a]);
    });
  });

  test('takes its arguments as they are when it is called', async () => {
    const session = await sessionOf([a, b]);
    const suffix = [structuredClone(b)];
    const replacement = [structuredClone(c)];
    const args = replace(suffix, replacement);
    const applied = session.applyHistoryTransaction(args);
    suffix.push(d);
    replacement.push(d);
    for (const item of [...suffix, ...replacement]) item.providerData = { changed: true };
    args.operationId = 'changed';
    await applied;
    expect(await session.getItems()).toEqual([a, c]);
    await expect(session.applyHistoryTransaction(append([a], 'replace'))).rejects.toThrow(reused);
  });

  describe('with arguments that are unusual', () => {
    const transaction = { type: 'append_items', items: [c] };
    const withoutPrototype = { operationId: 'id', transaction };
    Reflect.setPrototypeOf(withoutPrototype, null);
    class Arguments {
      get operationId() {
        return 'id';
      }
      get transaction() {
        return transaction;
      }
    }
    test.each<[string, unknown]>([
      [
        'with members that do not matter',
        { operationId: 'id', transaction, then: 1, call: () => 1 },
      ],
      ['an object of a class', new Arguments()],
      ['a function', Object.assign(() => 1, { operationId: 'id', transaction })],
      ['frozen', Object.freeze({ operationId: 'id', transaction: Object.freeze(transaction) })],
      ['without a prototype', withoutPrototype],
      ['a proxy', new Proxy({ operationId: 'id', transaction }, {})],
    ])('%s: as MemorySession', async (_name, args) => {
      const expected: LooseSession & MemorySession = new MemorySession({ initialItems: [a] });
      const session: LooseSession & ReturnType<typeof newSession> = await sessionOf([a]);
      const outcome = await outcomeOf(() => session.applyHistoryTransaction(args));
      expect(outcome).toEqual(await outcomeOf(() => expected.applyHistoryTransaction(args)));
      expect(await session.getItems()).toEqual(await expected.getItems());
    });

    test('looks behind accessors once', async () => {
      const session: LooseSession & ReturnType<typeof newSession> = await sessionOf([a]);
      let looks = 0;
      await session.applyHistoryTransaction({
        operationId: 'id',
        get transaction() {
          looks += 1;
          return { type: 'append_items', items: looks === 1 ? [b] : [c] };
        },
      });
      expect(await session.getItems()).toEqual([a, b]);
    });
  });
});

describe.each(stores)('On $name, a transaction', ({ useStore }) => {
  const { store, newSessionId } = useStore();
  const newSession = (sessionId = newSessionId()) => new AgentsSession({ store, sessionId });

  describe('with arguments that are none fails as in MemorySession, and changes nothing:', () => {
    test.each(hostileArguments())('%s', async (_name, make) => {
      const expected: LooseSession & MemorySession = new MemorySession({ initialItems: [a, b] });
      const session: LooseSession & AgentsSession = newSession();
      await session.addItems([a, b]);
      const before = await session.conversation.metadata();

      const error = await failureOf(async () => session.applyHistoryTransaction(make()));
      const expectedError = await failureOf(async () => expected.applyHistoryTransaction(make()));
      expect(error).toBeInstanceOf(UserError);
      expect(error).toEqual(expectedError);
      expect(await session.getItems()).toEqual([a, b]);
      expect(await session.conversation.metadata()).toEqual(before);
      await session.applyHistoryTransaction(append([c], 'id'));
      expect(await session.getItems()).toEqual([a, b, c]);
    });
  });

  test.each<[string, AgentInputItem]>([
    ['NaN', { ...c, providerData: { number: NaN } }],
    ['Infinity', { ...c, providerData: { list: [Infinity] } }],
  ])('with %s, which MemorySession can keep and JSON cannot, is refused', async (_name, item) => {
    const session = newSession();
    await session.addItems([a]);
    for (const args of [append([b, item]), replace([a], [item]), replace([a, item], [b])]) {
      expect(await failureOf(session.applyHistoryTransaction(args))).toMatchObject({
        code: 'unstorable_value',
        field: expect.stringMatching(/^(items\[1\]|replacement\[0\]|expectedSuffix\[1\])\./),
      });
    }
    expect(await session.getItems()).toEqual([a]);
  });

  test('is known to another object for the same session', async () => {
    const sessionId = newSessionId();
    await newSession(sessionId).addItems([a, b]);
    await newSession(sessionId).applyHistoryTransaction(replace([b], [c]));
    await newSession(sessionId).applyHistoryTransaction(replace([b], [c]));
    await expect(newSession(sessionId).applyHistoryTransaction(replace([c], [d]))).rejects.toThrow(
      reused,
    );
    expect(await newSession(sessionId).getItems()).toEqual([a, c]);
  });

  test('of one session is not one of another', async () => {
    const [one, other] = [newSession(), newSession()];
    await one.applyHistoryTransaction(append([a], 'id'));
    await other.applyHistoryTransaction(append([b], 'id'));
    expect([await one.getItems(), await other.getItems()]).toEqual([[a], [b]]);
  });

  test('is forgotten with a session that was deleted', async () => {
    const sessionId = newSessionId();
    await newSession(sessionId).applyHistoryTransaction(append([a], 'id'));
    await store.delete(sessionId);
    await newSession(sessionId).applyHistoryTransaction(append([b], 'id'));
    expect(await newSession(sessionId).getItems()).toEqual([b]);
  });

  test('replaces a suffix of messages that were not added as items', async () => {
    const session = newSession();
    await session.conversation.append([
      { role: 'user', content: 'plain' },
      { role: 'assistant', content: 'as well' },
    ]);
    const suffix = await session.getItems();
    await session.applyHistoryTransaction(replace(suffix, [c]));
    expect(await session.getItems()).toEqual([c]);
  });

  test('whose item has members that are undefined is the one without them', async () => {
    const session = newSession();
    const withUndefined: AgentInputItem = { ...b, id: undefined };
    await session.addItems([a, withUndefined]);
    await session.applyHistoryTransaction(replace([withUndefined], [withUndefined, c]));
    await session.applyHistoryTransaction(replace([b], [b, c]));
    expect(await session.getItems()).toEqual([a, b, c]);
  });
});

describe('In Redis, a transaction', () => {
  const redis = useRedis();
  const newSession = (sessionId: string, store: SessionStore = redis.store) =>
    new AgentsSession({ store, sessionId });

  test('F8 is known in another process', async () => {
    const sessionId = redis.newSessionId();
    const session = newSession(sessionId);
    await session.addItems([a, b]);
    await session.applyHistoryTransaction(append([c], '1'));
    const transactions = [
      append([c], '1'),
      append([d], '1'),
      replace([c], [d], '2'),
      replace([c], [a], '3'),
    ];
    expect(
      await runChild('history-transaction-process.ts', { url: redis.url, sessionId, transactions }),
    ).toEqual(['done', String(reused), 'done', String(suffixChanged)]);
    expect(await session.getItems()).toEqual([a, b, d]);
    await session.applyHistoryTransaction(replace([c], [d], '2'));
    expect(await session.getItems()).toEqual([a, b, d]);
    await expect(session.applyHistoryTransaction(replace([d], [c], '2'))).rejects.toThrow(reused);
  });

  describe('F8 whose answer was lost', () => {
    let proxy: LosingProxy;
    beforeEach(async () => {
      proxy = await startLosingProxy(redis.url);
    });
    afterEach(() => proxy.close());

    const transactions = [append([c], 'lost'), replace([b], [c, d], 'lost')];

    /** A session whose every call goes by way of the proxy, and what must become of it. */
    async function prepare(args: SessionHistoryTransactionArgs, reconnectStrategy: false | number) {
      const sessionId = redis.newSessionId();
      const client = createClient({ url: proxy.url, socket: { reconnectStrategy } });
      client.on('error', () => {});
      await client.connect();
      const session = newSession(sessionId, new RedisJsonSessionStore(client));
      await session.addItems([a, b]);
      const expected = new MemorySession({ initialItems: [a, b] });
      await expected.applyHistoryTransaction(args);
      return { sessionId, client, session, expected: await expected.getItems() };
    }

    test.each(transactions)('is repeated by the store, and applied once: %j', async (args) => {
      const { client, session, expected } = await prepare(args, 10);
      proxy.loseNextAnswer();
      await session.applyHistoryTransaction(args);
      expect(proxy.lost).toBe(1);
      expect(await session.getItems()).toEqual(expected);
      await client.disconnect();
    });

    test.each(transactions)('is repeated by whoever asked, and applied once: %j', async (args) => {
      const { session, expected, sessionId } = await prepare(args, false);
      proxy.loseNextAnswer();
      expect(await failureOf(session.applyHistoryTransaction(args))).toMatchObject({
        outcome: 'unknown',
        operationId: 'lost',
      });
      expect(proxy.lost).toBe(1);

      const other = newSession(sessionId);
      expect(await other.getItems()).toEqual(expected);
      await other.applyHistoryTransaction(args);
      expect(await other.getItems()).toEqual(expected);
    });
  });
});

/** The same item with the keys of all its objects in the opposite order. */
function reorder(item: AgentInputItem): AgentInputItem {
  const reordered: unknown = JSON.parse(JSON.stringify(item), (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toReversed())
      : member,
  );
  return asItem(reordered);
}

function hostileArguments(): [string, () => unknown][] {
  const throwing = () => {
    throw new Error('SECRET');
  };
  const cycle: Record<string, unknown> = { type: 'unknown' };
  cycle['providerData'] = { cycle };
  class Item {
    role = 'user';
    content = 'SECRET';
  }
  const sparse: unknown[] = [];
  sparse[1] = c;
  const args: Record<string, unknown> = {
    null: null,
    undefined,
    'a text': 'SECRET',
    'a number': 42,
    'a list': [],
    'an empty object': {},
    'a function': () => 1,
    'no operation id': { transaction: { type: 'append_items', items: [] } },
    'an empty operation id': append([c], ''),
    'a blank operation id': append([c], ' \n\t'),
    'an operation id that is a number': { ...append([c]), operationId: 42 },
    'an operation id that is a list': { ...append([c]), operationId: ['id'] },
    'an operation id that throws': Object.defineProperty({ ...append([c]) }, 'operationId', {
      get: throwing,
    }),
    'no transaction': { operationId: 'id' },
    'a transaction that throws': Object.defineProperty({ operationId: 'id' }, 'transaction', {
      get: throwing,
    }),
    'a proxy that throws': new Proxy({}, { get: throwing }),
  };
  const transactions: Record<string, unknown> = {
    null: null,
    'a text': 'append_items',
    'a number': 1,
    'a list': [c],
    'a function': () => 1,
    'an empty object': {},
    'no type': { items: [c] },
    'an unknown type': { type: 'SECRET', items: [c] },
    'a type that is no text': { type: ['append_items'], items: [c] },
    'no items': { type: 'append_items' },
    'a member too many': { type: 'append_items', items: [c], extra: 1 },
    'a member too many that is undefined': { type: 'append_items', items: [c], extra: undefined },
    'a symbol as a name': { type: 'append_items', items: [c], [Symbol('x')]: 1 },
    'no suffix': { type: 'replace_suffix', replacement: [c] },
    'no replacement': { type: 'replace_suffix', expectedSuffix: [b] },
    'a suffix that is no list': { type: 'replace_suffix', expectedSuffix: b, replacement: [c] },
    'the members of both types': {
      type: 'replace_suffix',
      expectedSuffix: [b],
      replacement: [c],
      items: [c],
    },
    'an object of a class': new (class {
      type = 'append_items';
      items = [c];
    })(),
    'a type that throws': Object.defineProperty({ items: [c] }, 'type', {
      get: throwing,
      enumerable: true,
    }),
    'items behind an accessor': {
      type: 'append_items',
      get items() {
        return [c];
      },
    },
    'a member that is not enumerable': Object.defineProperty({ type: 'append_items' }, 'items', {
      value: [c],
    }),
    'a proxy': new Proxy({ type: 'append_items', items: [c] }, {}),
  };
  const lists: Record<string, unknown> = {
    'that are an object': { 0: c, length: 1 },
    'that are a text': 'SECRET',
    'that are sparse': sparse,
    'that have a member': Object.assign([c], { extra: 1 }),
    'that are a proxy': new Proxy([c], {}),
  };
  const items: Record<string, unknown> = {
    'that is null': null,
    'that is undefined': undefined,
    'that is a text': 'SECRET',
    'that is a list': [c],
    'that is empty': {},
    'of an unknown type': { type: 'SECRET', id: 'x' },
    'of an unknown role': { role: 'SECRET', content: 'SECRET' },
    'that lacks a member': { type: 'function_call', name: 'SECRET' },
    'with a member of a wrong type': { role: 'user', content: 42 },
    'with a function in it': { ...c, providerData: { call: throwing } },
    'with a symbol in it': { ...c, providerData: { sign: Symbol('SECRET') } },
    'with a symbol as a name': { ...c, [Symbol('SECRET')]: 1 },
    'with a bigint in it': { ...c, providerData: { number: 1n } },
    'with a cycle in it': cycle,
    'of a class': new Item(),
    'with an object of a class in it': { ...c, providerData: { item: new Item() } },
    'with a Date in it': { ...c, providerData: { at: new Date(0) } },
    'with a Map in it': { ...c, providerData: { map: new Map() } },
    'with an ArrayBuffer in it': { ...c, providerData: { data: new ArrayBuffer(2) } },
    'with a Float32Array in it': { ...c, providerData: { data: new Float32Array(2) } },
    'with a Uint8Array that has a member': {
      ...c,
      providerData: { data: Object.assign(new Uint8Array(2), { extra: 1 }) },
    },
    'with a member behind an accessor': {
      ...c,
      get providerData() {
        return {};
      },
    },
    'with a member that throws': Object.defineProperty({ ...c }, 'providerData', {
      get: throwing,
      enumerable: true,
    }),
  };

  const ofLists = (name: string, list: unknown): [string, unknown][] => [
    [`items ${name}`, { type: 'append_items', items: list }],
    [`a suffix ${name}`, { type: 'replace_suffix', expectedSuffix: list, replacement: [c] }],
    [`a replacement ${name}`, { type: 'replace_suffix', expectedSuffix: [b], replacement: list }],
  ];
  const withLists = [
    ...Object.entries(lists).flatMap(([name, list]) => ofLists(name, list)),
    ...Object.entries(items).flatMap(([name, item]) => ofLists(`with an item ${name}`, [c, item])),
  ];
  const ofTransactions = [...Object.entries(transactions), ...withLists].map(
    ([name, transaction]): [string, unknown] => [
      `a transaction: ${name}`,
      { operationId: 'id', transaction },
    ],
  );
  return [...Object.entries(args), ...ofTransactions].map(([name, value]) => [name, () => value]);
}
