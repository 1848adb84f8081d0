import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import { JSONSession } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';
import { type AgentInputItem, user } from '@openai/agents-core';
import { assistantMessage, functionCall } from '@openai/agents-core/testing';

import { until } from '../../../tools/until.ts';
import { failureOf } from './failure.ts';
import { stores, useRedis } from './stores.ts';

const five = [1, 2, 3, 4, 5].map((number) => user(`Item ${number}`));

describe.each(stores)('On $name, a session', ({ useStore }) => {
  const { store, newSessionId } = useStore();
  const newSession = (sessionId = newSessionId()) => new AgentsSession({ store, sessionId });

  async function sessionOf(items: AgentInputItem[]) {
    const session = newSession();
    await session.addItems(items);
    return session;
  }

  describe('has an id', () => {
    test('that is its own where none was given, and never empty', async () => {
      const ids = await Promise.all(
        [1, 2, 3].map(() => new AgentsSession({ store }).getSessionId()),
      );
      expect(new Set(ids).size).toBe(3);
      for (const id of ids) expect(id).not.toBe('');
    });

    test('that stays, before the first write, after clearing and after deletion', async () => {
      const sessionId = newSessionId();
      const session = newSession(sessionId);
      expect(await session.getSessionId()).toBe(sessionId);
      await session.addItems(five);
      await session.clearSession();
      expect(await session.getSessionId()).toBe(sessionId);
      await session.conversation.delete();
      expect(await session.getSessionId()).toBe(sessionId);
    });

    test.each([
      ['empty', ''],
      ['half a character', '\ud800'],
      ['longer than 512', 'x'.repeat(513)],
    ])('that cannot be %s', (_name, sessionId) => {
      expect(() => newSession(sessionId)).toThrow(
        expect.objectContaining({ code: 'invalid_argument', field: 'sessionId' }),
      );
    });

    test('with which two objects are the same session', async () => {
      const sessionId = newSessionId();
      const [one, other] = [newSession(sessionId), newSession(sessionId)];
      await one.addItems([user('from one')]);
      await other.addItems([user('from the other')]);
      const both = [user('from one'), user('from the other')];
      expect([await one.getItems(), await other.getItems()]).toEqual([both, both]);
      expect(await one.popItem()).toEqual(user('from the other'));
      expect(await other.getItems()).toEqual([user('from one')]);
    });
  });

  describe('reads', () => {
    test('nothing where there is no session, and creates none', async () => {
      const session = newSession();
      expect(await session.getItems()).toEqual([]);
      expect(await session.getItems(3)).toEqual([]);
      expect(await session.popItem()).toBeUndefined();
      await session.clearSession();
      expect(await session.conversation.metadata()).toBeUndefined();
    });

    test('the whole history, however long, where no limit is given', async () => {
      const items = Array.from({ length: 2500 }, (_, index) => user(`Item ${index}`));
      const session = await sessionOf(items);
      expect(await session.getItems()).toEqual(items);
      expect(await session.getItems(undefined)).toEqual(items);
    });

    test.each([
      [0, 0],
      [-0, 0],
      [-1, 0],
      [-(2 ** 53 - 1), 0],
      [1, 1],
      [4, 4],
      [5, 5],
      [6, 5],
      [2 ** 31, 5],
      [2 ** 53 - 1, 5],
    ])('with the limit %d the last %d items of five, in order', async (limit, count) => {
      const session = await sessionOf(five);
      expect(await session.getItems(limit)).toEqual(five.slice(5 - count));
    });

    test.each([NaN, 0.5, -0.5, Infinity, -Infinity, 2 ** 53])(
      'not with the limit %d',
      async (limit) => {
        const session = await sessionOf(five);
        const error = await failureOf(session.getItems(limit));
        expect(error).toBeInstanceOf(RangeError);
        expect(error).toMatchObject({ code: 'invalid_argument' });
      },
    );

    test('items that are its own: changing them changes nothing stored', async () => {
      const session = await sessionOf([user('as it was')]);
      const [item] = await session.getItems();
      if (item) item.providerData = { added: true };
      expect(await session.getItems()).toEqual([user('as it was')]);
    });
  });

  describe('adds', () => {
    test('nothing for an empty list: no session, no write', async () => {
      const session = newSession();
      await session.addItems([]);
      expect(await session.conversation.metadata()).toBeUndefined();

      await session.addItems(five);
      const before = await session.conversation.metadata();
      await session.addItems([]);
      expect(await session.conversation.metadata()).toEqual(before);
    });

    test('the items as they were when it was called', async () => {
      const session = newSession();
      const providerData = { list: [1, 2] };
      const first: AgentInputItem = { type: 'unknown', id: 'first', providerData };
      const items: AgentInputItem[] = [first, user('second')];
      const expected = structuredClone(items);

      const added = session.addItems(items);
      providerData.list.push(3);
      first.id = 'changed';
      items.pop();
      items.push(user('third'), user('fourth'));
      await added;
      expect(await session.getItems()).toEqual(expected);
    });

    test('the same item as often as it comes', async () => {
      const item = user('again');
      const session = await sessionOf([item, item, user('again')]);
      await session.addItems([item]);
      expect(await session.getItems()).toEqual([item, item, item, item]);
    });

    test('batches that stay contiguous, however many writers there are', async () => {
      const sessionId = newSessionId();
      const batches = Array.from({ length: 20 }, (_, writer) =>
        Array.from({ length: 7 }, (_unused, number) => user(`${writer} ${number}`)),
      );
      await Promise.all(batches.map((batch) => newSession(sessionId).addItems(batch)));
      const items = await newSession(sessionId).getItems();
      expect(items).toHaveLength(140);
      for (const batch of batches) {
        const start = items.findIndex((item) => JSON.stringify(item) === JSON.stringify(batch[0]));
        expect(items.slice(start, start + 7)).toEqual(batch);
      }
    });

    describe('none of a batch', () => {
      const cycle: Record<string, unknown> = {};
      cycle['self'] = { cycle };
      const withAccessor = { get secret() { return 'read'; } }; // prettier-ignore
      test.each<[string, unknown, string]>([
        ['a BigInt', { deep: [1n] }, '.deep[0]'],
        ['a function', { call: () => 1 }, '.call'],
        ['a symbol', { sign: Symbol('x') }, '.sign'],
        ['a symbol as a name', { [Symbol('x')]: 1 }, '[Symbol(x)]'],
        ['a cycle', cycle, '.self.cycle'],
        ['NaN', { a: { b: NaN } }, '.a.b'],
        ['Infinity', [1, Infinity], '[1]'],
        ['an accessor', withAccessor, '.secret'],
        ['a Map', { map: new Map() }, '.map'],
        ['a Set', { set: new Set([1]) }, '.set'],
        ['a RegExp', { pattern: /x/ }, '.pattern'],
        ['an Error', { error: new Error('x') }, '.error'],
        ['a Promise', { promise: Promise.resolve() }, '.promise'],
        ['a Float32Array', { numbers: new Float32Array(2) }, '.numbers'],
        ['a DataView', { view: new DataView(new ArrayBuffer(2)) }, '.view'],
      ])('that has %s in it', async (_name, bad, place) => {
        const session = await sessionOf(five);
        const before = await session.conversation.metadata();
        const items: AgentInputItem[] = [
          user('good'),
          { type: 'unknown', providerData: { bad } },
          user('good, too'),
        ];
        expect(await failureOf(session.addItems(items))).toMatchObject({
          name: 'SessionError',
          code: 'unstorable_value',
          field: `items[1].providerData.bad${place}`,
          message: expect.stringContaining(`items[1].providerData.bad${place} `),
        });
        expect(await session.getItems()).toEqual(five);
        // Its expiry hangs on the time of the last write.
        expect(await session.conversation.metadata()).toEqual(before);
      });

      test('that would be the first, and no session comes of it', async () => {
        const session = newSession();
        const bad: AgentInputItem = { type: 'unknown', providerData: { bad: 1n } };
        await failureOf(session.addItems([user('good'), bad]));
        expect(await session.conversation.metadata()).toBeUndefined();
      });

      test.each<[string, string, { code: string; field: string }]>([
        ['null', 'null', { code: 'unstorable_value', field: 'items[1]' }],
        ['a text', '"text"', { code: 'unstorable_value', field: 'items[1]' }],
        ['a list', '[]', { code: 'unstorable_value', field: 'items[1]' }],
        [
          'an object without type and role',
          '{"a":1}',
          { code: 'invalid_argument', field: 'items[1]' },
        ],
      ])('that has %s instead of an item: it could never be read', async (_name, json, error) => {
        const session = await sessionOf(five);
        const loose: { addItems(items: unknown): Promise<void> } = session;
        const items: unknown = JSON.parse(`[${JSON.stringify(user('good'))},${json}]`);
        expect(await failureOf(loose.addItems(items))).toMatchObject(error);
        expect(await session.getItems()).toEqual(five);
      });
    });
  });

  describe('pops', () => {
    test('the last item, until there is none', async () => {
      const session = await sessionOf(five);
      for (const item of five.toReversed()) expect(await session.popItem()).toEqual(item);
      expect(await session.popItem()).toBeUndefined();
      expect(await session.conversation.metadata()).toMatchObject({ messageCount: 0 });
    });

    test('every item once, however many pop at once', async () => {
      const session = await sessionOf(five);
      const popped = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(() => session.popItem()));
      const texts = popped.filter((item) => item !== undefined).map((item) => JSON.stringify(item));
      expect(texts.sort()).toEqual(five.map((item) => JSON.stringify(item)));
    });
  });

  describe('is cleared', () => {
    test('and stays: its user, its agents, the time of its beginning', async () => {
      const session = new AgentsSession({ store, sessionId: newSessionId(), userId: 'ada' });
      await session.addItems(five);
      await session.conversation.trackAgent('Desk');
      const before = await session.conversation.load();
      await session.clearSession();
      expect(await session.getItems()).toEqual([]);
      expect(await session.conversation.load()).toMatchObject({
        userId: 'ada',
        agentsUsed: ['Desk'],
        currentAgent: 'Desk',
        createdAtMs: before.createdAtMs,
        messageCount: 0,
      });
      await session.addItems([user('anew')]);
      expect(await session.getItems()).toEqual([user('anew')]);
    });
  });

  describe('of messages that were not added as items', () => {
    test('reads them as plain messages of the SDK', async () => {
      const session = newSession();
      await session.conversation.append([
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: 'Really.' },
        { role: 'user', content: 'Hello', tokens: 3 },
        { role: 'assistant', content: 'Good day', agent: 'Desk' },
        { role: 'tool', content: { orders: [1, 2] } },
        { role: 'user', content: ['two', 'parts'] },
      ]);
      await session.addItems([user('an item')]);
      expect(await session.getItems()).toEqual([
        { type: 'message', role: 'system', content: 'Be brief.' },
        { type: 'message', role: 'system', content: 'Really.' },
        { type: 'message', role: 'user', content: 'Hello' },
        assistantMessage('Good day'),
        { type: 'message', role: 'user', content: '{"orders":[1,2]}' },
        { type: 'message', role: 'user', content: '["two","parts"]' },
        user('an item'),
      ]);
      expect(await session.popItem()).toEqual(user('an item'));
      expect(await session.popItem()).toMatchObject({ content: '["two","parts"]' });
    });
  });

  describe('of a user', () => {
    test('is not there for another: neither to read nor to change', async () => {
      const sessionId = newSessionId();
      const of = (userId: string) => new AgentsSession({ store, sessionId, userId });
      await of('ada').addItems(five);

      const other = of('bob');
      expect(await other.getItems()).toEqual([]);
      const call = functionCall('a', {}, { callId: 'a' });
      for (const change of [
        () => other.addItems([user('intruder')]),
        () => other.popItem(),
        () => other.clearSession(),
        () => other.replaceHistoryWithCompaction([user('intruder')]),
        () =>
          other.applyHistoryTransaction({
            operationId: 'x',
            transaction: { type: 'append_items', items: [call] },
          }),
      ]) {
        expect(await failureOf(change)).toMatchObject({ code: 'session_not_found' });
      }
      await other.applyHistoryMutations({
        mutations: [{ type: 'replace_function_call', callId: 'a', replacement: call }],
      });
      expect(await of('ada').getItems()).toEqual(five);
      expect(await newSession(sessionId).getItems()).toEqual(five);
    });
  });

  describe('that ends between a read and a write', () => {
    const endings: [string, (sessionId: string) => Promise<void>][] = [
      [
        'is deleted',
        async (sessionId) => {
          await store.delete(sessionId);
        },
      ],
      [
        'expires',
        async (sessionId) => {
          await new Conversation({ store, sessionId, ttlMs: 1 }).append([]);
          await until('it has', async () => (await store.metadata(sessionId)) === undefined);
        },
      ],
      [
        'begins anew',
        async (sessionId) => {
          await store.delete(sessionId);
          await newSession(sessionId).addItems([user('another session')]);
        },
      ],
    ];
    const writes: [string, (session: AgentsSession) => Promise<unknown>][] = [
      ['addItems', (session) => session.addItems([user('late')])],
      ['popItem', (session) => session.popItem()],
      [
        'an appending transaction',
        (session) =>
          session.applyHistoryTransaction({
            operationId: 'late',
            transaction: { type: 'append_items', items: [user('late')] },
          }),
      ],
      ['a compaction', (session) => session.replaceHistoryWithCompaction([user('late')])],
    ];
    const cases = endings.flatMap(([ending, end]) =>
      writes.map(([write, call]) => ({ ending, end, write, call })),
    );

    test.each(cases)('because it $ending refuses $write', async ({ end, call, ending }) => {
      const sessionId = newSessionId();
      const session = newSession(sessionId);
      await session.addItems(five);
      await session.getItems();
      await end(sessionId);
      const after = ending === 'begins anew' ? [user('another session')] : [];

      expect(await failureOf(call(session))).toMatchObject({ code: 'session_not_found' });
      expect(await failureOf(call(session))).toMatchObject({ code: 'session_not_found' });
      // Somebody who has not read it finds what the ending left, and nothing half-made.
      expect(await newSession(sessionId).getItems()).toEqual(after);
      expect(await store.metadata(sessionId)).toEqual(
        ending === 'begins anew' ? expect.objectContaining({ messageCount: 1 }) : undefined,
      );

      expect(await session.getItems()).toEqual(after);
      await session.addItems([user('on we go')]);
      expect(await session.getItems()).toEqual([...after, user('on we go')]);
    });

    test('is cleared all the same', async () => {
      const sessionId = newSessionId();
      const session = newSession(sessionId);
      await session.addItems(five);
      await store.delete(sessionId);
      await session.clearSession();
      await session.addItems([user('anew')]);
      expect(await session.getItems()).toEqual([user('anew')]);
    });
  });

  test('ends when its TTL has passed since the last write, and not before', async () => {
    const sessionId = newSessionId();
    const lasting = new AgentsSession({ store, sessionId, ttlMs: 3_600_000 });
    await lasting.addItems(five);
    expect(await lasting.conversation.load()).toMatchObject({ ttlMs: 3_600_000 });
    expect(await newSession(sessionId).getItems()).toEqual(five);
    await new AgentsSession({ store, sessionId, ttlMs: 1 }).addItems([user('last words')]);
    await until('it has', async () => (await newSession(sessionId).getItems()).length === 0);
  });
});

describe('In Redis', () => {
  const redis = useRedis();

  test('a refused batch leaves the expiry of the key as it was', async () => {
    const sessionId = redis.newSessionId();
    const session = new AgentsSession({ store: redis.store, sessionId, ttlMs: 100_000 });
    await session.addItems(five);
    const expiry = () => redis.command('PEXPIRETIME', `session:${sessionId}`);
    const before = await expiry();
    expect(before).toBeGreaterThan(0);
    const bad: AgentInputItem = { type: 'unknown', providerData: { bad: 1n } };
    await failureOf(session.addItems([user('good'), bad]));
    await session.addItems([]);
    await session.getItems();
    expect(await expiry()).toBe(before);
  });

  test('a session of JSONSession is read, and gets items', async () => {
    const sessionId = redis.newSessionId();
    const jsonSession = new JSONSession({ sessionId, userId: 'ada', redisUrl: redis.url });
    await jsonSession.addMessage('user', 'Where is my order?', null, 5);
    await jsonSession.addMessage('assistant', 'On its way.', 'Desk', 4);
    const session = new AgentsSession({ store: redis.store, sessionId, userId: 'ada' });
    expect(await session.getItems()).toEqual([
      { type: 'message', role: 'user', content: 'Where is my order?' },
      assistantMessage('On its way.'),
    ]);
    await session.addItems([user('Thanks')]);
    expect(await jsonSession.toAgentInputs()).toEqual([
      { role: 'user', content: 'Where is my order?' },
      { role: 'assistant', content: 'On its way.' },
      { role: 'user', content: [{ type: 'input_text', text: 'Thanks' }] },
    ]);
    await jsonSession.close();
  });

  test('a document as the Python class writes it is read, and gets items', async () => {
    const sessionId = redis.newSessionId();
    const message = { id: 'a1b2c3d4', timestamp: 1700000000.123456, agent: null, tokens: null };
    const document = {
      session_id: sessionId,
      user_id: null,
      created_at: 1700000000.123456,
      updated_at: 1700000000.123456,
      metadata: { current_agent: null, agents_used: [], message_count: 2, total_tokens: 0 },
      messages: [
        { ...message, role: 'user', content: 'Hello' },
        { ...message, id: 'b', role: 'assistant', content: 'Good day' },
      ],
      handoff_context: null,
    };
    await redis.command('JSON.SET', `session:${sessionId}`, '$', JSON.stringify(document));
    const session = new AgentsSession({ store: redis.store, sessionId });
    const plain = [
      { type: 'message', role: 'user', content: 'Hello' },
      assistantMessage('Good day'),
    ];
    expect(await session.getItems()).toEqual(plain);
    await session.addItems([user('Thanks')]);
    expect(await session.getItems()).toEqual([...plain, user('Thanks')]);
  });
});
