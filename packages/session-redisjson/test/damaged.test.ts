import { inspect } from 'node:util';

import { AgentsSession } from '@agent-sessions/agents-adapter';
import { archiveHistory, Conversation } from '@agent-sessions/session-core';
import { JSONSession, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';

import { failureOf } from './failure-of.ts';
import { snapshotOf } from './key-snapshot.ts';
import { cloneInOwnRealm } from '../../agents-adapter/test/own-realm.ts';
import { useTestRedis } from './redis-for-tests.ts';

cloneInOwnRealm();

const redis = useTestRedis();
const names = ['a', 'b', 'c', 'd', 'e'];
const whole = { id: 'm', role: 'user', content: 'x', timestamp: 1, agent: null, tokens: null };

/** What an edit past the driver may leave in the place of a message. */
const damages: Readonly<Record<string, unknown>> = {
  null: null,
  'a number': 7,
  'a text': 'hello',
  'an empty list': [],
  'an empty object': {},
  'a message without an id': { ...whole, id: undefined },
  'an id that is no text': { ...whole, id: 7 },
  'an id that is null': { ...whole, id: null },
  'no role': { ...whole, role: undefined },
  'an empty role': { ...whole, role: '' },
  'a role that is no text': { ...whole, role: ['user'] },
  'no content': { ...whole, content: undefined },
  'no time': { ...whole, timestamp: undefined },
  'a time that is no number': { ...whole, timestamp: 'yesterday' },
  'an agent that is no text': { ...whole, agent: 7 },
  'tokens that are no number': { ...whole, tokens: 'many' },
  'tokens below zero': { ...whole, tokens: -1 },
  'tokens in fractions': { ...whole, tokens: 0.5 },
  'an item that is a text': { ...whole, item: 'text' },
  'an item that is a list': { ...whole, item: [whole] },
  'exact text that is no text': { ...whole, exact: {} },
  'an item that is an empty list': { ...whole, item: [] },
  'exact text with NaN': { ...whole, exact: '{"content":NaN}' },
  'exact text with a number that begins with 0': { ...whole, exact: '{"content":01}' },
  'exact text with a bad escape': { ...whole, exact: String.raw`{"content":"\x"}` },
  'exact text with a raw line break': { ...whole, exact: '{"content":"one\ntwo"}' },
  'exact text with something after it': { ...whole, exact: '{"content":1}}' },
  'exact text that was cut off': { ...whole, exact: '{"content":"what was sa' },
  'exact text of another form': { ...whole, exact: '["content"]' },
  'exact text without content': { ...whole, exact: '{"item":{}}' },
};
const places = { 'at the head': 0, 'in the middle': 2, 'at the tail': 4 } as const;

/** A session of five messages, of which one was damaged past the driver. */
async function damagedSession(damage: unknown, index: number) {
  const sessionId = redis.newSessionId();
  const conversation = new Conversation({ store: redis.store, sessionId, ttlMs: 3_600_000 });
  await conversation.append(
    names.map((content, place) => {
      const role = place % 2 === 0 ? 'user' : 'assistant';
      return { role, item: { type: 'message', role, content } };
    }),
  );
  const key = `session:${sessionId}`;
  await redis.command('JSON.SET', key, `$.messages[${index}]`, JSON.stringify(damage));
  const reported: unknown[] = [];
  const skipping = new RedisJsonSessionStore(redis.client, {
    onDamaged: ({ code, field }) => reported.push({ code, field }),
  });
  return {
    key,
    conversation,
    tolerant: new Conversation({ store: skipping, sessionId }),
    readable: names.filter((_, each) => each !== index),
    reported,
    error: { code: 'damaged_message', field: `messages[${index}]` },
    snapshot: () => snapshotOf(redis.client, key),
  };
}

const contentsOf = (messages: readonly object[]) =>
  messages.map((message) => ('content' in message ? message.content : undefined));

describe.each(Object.entries(damages))('F20 %s in the place of a message', (_what, damage) => {
  describe.each(Object.entries(places))('%s', (_place, index) => {
    test('makes reads of it fail with its place, and nothing else', async () => {
      const { conversation, error, snapshot, key } = await damagedSession(damage, index);
      const before = await snapshot();
      const { sessionId } = conversation;
      const ofAnother = new Conversation({ store: redis.store, sessionId, userId: 'mallory' });
      expect(await ofAnother.messages()).toEqual([]);
      expect(await failureOf(conversation.messages())).toMatchObject(error);
      expect(await failureOf(conversation.messages({ last: 5 }))).toMatchObject(error);
      expect(await failureOf(conversation.messages({ last: 5 - index }))).toMatchObject(error);
      const session = new AgentsSession({ store: redis.store, sessionId });
      expect(await failureOf(session.getItems())).toMatchObject(error);
      const python = redis.closeAtEnd(new JSONSession({ sessionId, redisUrl: redis.url }));
      expect(await failureOf(python.getMessages())).toMatchObject(error);
      // A filter finds it only where its role is one.
      const byRole = await conversation
        .messages({ role: 'user' })
        .catch((failure: unknown) => failure);
      if (byRole instanceof Error) expect(byRole).toMatchObject(error);
      else expect(byRole).toHaveLength(2);

      // What does not touch it goes on.
      expect(contentsOf(await conversation.messages({ last: 4 - index }))).toEqual(
        names.slice(index + 1),
      );
      expect(await conversation.load()).toMatchObject({ messageCount: 5 });
      expect(await conversation.create()).toMatchObject({ created: false, mark: { length: 5 } });
      expect(await redis.command('TYPE', key)).toBe('ReJSON-RL');
      expect(await snapshot()).toEqual(before);
    });

    test('is left out and reported where the store is told to, and limits count the others', async () => {
      const { tolerant, readable, reported, error, snapshot } = await damagedSession(damage, index);
      const before = await snapshot();
      expect(contentsOf(await tolerant.messages())).toEqual(readable);
      expect(reported).toEqual([error]);
      for (const last of [1, 2, 3, 4, 5, 100]) {
        expect(contentsOf(await tolerant.messages({ last }))).toEqual(readable.slice(-last));
      }
      const ofUser = readable.filter((name) => 'ace'.includes(name));
      expect(contentsOf(await tolerant.messages({ role: 'user' }))).toEqual(ofUser);
      expect(contentsOf(await tolerant.messages({ role: 'user', last: 1 }))).toEqual(
        ofUser.slice(-1),
      );
      expect(await tolerant.messages({ role: 'tool' })).toEqual([]);
      for (const report of reported) expect(report).toEqual(error);
      expect(await snapshot()).toEqual(before);
    });

    test('stays in its place when history grows, and what was added is read', async () => {
      const { conversation, tolerant, readable, key } = await damagedSession(damage, index);
      const stored = await redis.value(key, `$.messages[${index}]`);
      const { mark } = await tolerant.read();
      const { mark: after } = await conversation.append([{ role: 'user', content: 'f' }]);
      expect(after).toMatchObject({ length: 6 });
      expect(contentsOf(await conversation.messages({ last: 1 }))).toEqual(['f']);
      const since = await tolerant.read(mark ? { since: mark } : {});
      expect(contentsOf(since.messages)).toEqual(since.continues ? ['f'] : [...readable, 'f']);
      expect(since.mark).toMatchObject({ length: 6 });
      expect(await redis.value(key, `$.messages[${index}]`)).toEqual(stored);
      // And what was added can be popped.
      expect(await conversation.pop()).toMatchObject({ content: 'f' });
      expect(await redis.value(key, `$.messages[${index}]`)).toEqual(stored);
    });
  });

  test('A3 at the tail is dropped by nobody who could not read it, unless that is asked for', async () => {
    const { conversation, tolerant, error, snapshot } = await damagedSession(damage, 4);
    const before = await snapshot();
    const { sessionId } = conversation;
    const session = new AgentsSession({ store: redis.store, sessionId });
    for (const pop of [
      () => conversation.pop({ operationId: 'pop' }),
      () => conversation.commit({ drop: 3, returnDropped: true }),
      () => session.popItem(),
      () => tolerant.pop(),
      () => tolerant.replaceTail(2, [{ role: 'user', content: 'instead' }]),
      () => tolerant.replaceTail('all', []),
    ]) {
      const failure = await failureOf(pop());
      expect(failure).toMatchObject({ ...error, outcome: 'not_applied' });
      // C4: neither it nor its cause quotes what was said.
      expect(inspect(failure)).not.toMatch(/what was sa|two|NaN/);
      expect(await snapshot()).toEqual(before);
    }
    const { mark } = await conversation.commit({ drop: 1, dropUnreadable: true });
    expect(mark).toMatchObject({ length: 4 });
    expect(contentsOf(await conversation.messages())).toEqual(names.slice(0, 4));
    // The id of the pop that was refused was not used.
    expect(await conversation.pop({ operationId: 'pop' })).toMatchObject({ content: 'd' });
  });

  test('is the last that is left when what follows is dropped', async () => {
    const { conversation, tolerant } = await damagedSession(damage, 2);
    expect(
      contentsOf((await conversation.commit({ drop: 2, returnDropped: true })).dropped),
    ).toEqual(['d', 'e']);
    expect(contentsOf(await tolerant.messages())).toEqual(['a', 'b']);
    const { mark } = await tolerant.read();
    await tolerant.append([{ role: 'user', content: 'f' }], { expect: mark });
    expect(contentsOf(await tolerant.messages())).toEqual(['a', 'b', 'f']);
  });
});

describe('A2 a message of a role that only others know', () => {
  test('is read as it is, dropped like any other, and stays when it is added again', async () => {
    const { conversation } = await damagedSession({ ...whole, role: 'function', tokens: 3 }, 4);
    const [message] = await conversation.messages({ last: 1 });
    expect(message).toMatchObject({ role: 'function', content: 'x', tokens: 3 });
    expect(await conversation.pop()).toEqual(message);
    expect(message && (await conversation.append([message]))).toMatchObject({
      mark: { length: 5 },
    });
    expect(await conversation.messages({ last: 1 })).toEqual([message]);
  });
});

describe('A2 a read that leaves out what cannot be read', () => {
  test('says where', async () => {
    const { tolerant } = await damagedSession({}, 2);
    expect(await tolerant.read()).toMatchObject({ first: 0, skipped: [2], mark: { length: 5 } });
    expect(await tolerant.read({ last: 2 })).toMatchObject({ first: 3, skipped: [] });
    expect(await tolerant.read({ last: 3 })).toMatchObject({ first: 1, skipped: [2] });
    expect(await tolerant.read({ before: 3 })).toMatchObject({ first: 0, skipped: [2] });
    expect(await tolerant.read({ before: 3, last: 2 })).toMatchObject({ first: 0, skipped: [2] });
    expect(await tolerant.read({ before: 2, last: 1 })).toMatchObject({ first: 1, skipped: [] });
    const { mark } = await tolerant.read({ last: 0 });
    await tolerant.append([{ role: 'user', content: 'f' }]);
    const since = await tolerant.read(mark ? { since: mark } : {});
    expect(since).toMatchObject({ first: 5, skipped: [], continues: true });
  });

  test('and goes on from a mark whose last message cannot be read', async () => {
    const { tolerant } = await damagedSession({ ...whole, content: undefined }, 4);
    const { mark } = await tolerant.read();
    await tolerant.append([{ role: 'user', content: 'f' }]);
    const since = await tolerant.read(mark ? { since: mark } : {});
    expect(since).toMatchObject({ first: 5, skipped: [], continues: true });
    expect(contentsOf(since.messages)).toEqual(['f']);
  });
});

describe('A2 a history with a message that cannot be read', () => {
  const call = {
    type: 'function_call',
    callId: 'c1',
    name: 'look',
    arguments: '{}',
    status: 'completed',
  } as const;
  const said = (content: string) => ({ type: 'message', role: 'user', content }) as const;

  test.each<[string, (session: AgentsSession, other: Conversation) => Promise<unknown>]>([
    ['archived', (session, other) => archiveHistory(session.conversation, other, { keep: 2 })],
    [
      'replaced at its end',
      (session) =>
        session.applyHistoryTransaction({
          operationId: 'one',
          transaction: {
            type: 'replace_suffix',
            expectedSuffix: [said('a'), said('c')],
            replacement: [said('x')],
          },
        }),
    ],
    [
      'mutated',
      (session) =>
        session.applyHistoryMutations({
          mutations: [
            { type: 'replace_function_call', callId: 'c1', replacement: { ...call, name: 'see' } },
          ],
        }),
    ],
    [
      'compacted after it was read',
      async (session) => {
        await session.getItems();
        await session.replaceHistoryWithCompaction([said('in short')]);
      },
    ],
  ])('is not %s, and nothing is lost or doubled', async (_what, change) => {
    const sessionId = redis.newSessionId();
    const store = new RedisJsonSessionStore(redis.client, { onDamaged() {} });
    const session = new AgentsSession({ store, sessionId });
    await session.addItems([call, said('a'), said('b'), said('c')]);
    const key = `session:${sessionId}`;
    await redis.command('JSON.SET', key, '$.messages[2]', '{"role":"user"}');
    const before = await snapshotOf(redis.client, key);
    const other = new Conversation({ store, sessionId: redis.newSessionId() });
    expect(await failureOf(change(session, other))).toMatchObject({
      code: 'damaged_message',
      field: 'messages[2]',
    });
    expect(await snapshotOf(redis.client, key)).toEqual(before);
    expect(await other.metadata()).toBeUndefined();
  });
});

describe('F20 a document with a foreign schema', () => {
  const foreign: Readonly<Record<string, readonly [path: string, value: string, codes: string]>> = {
    'of a newer version': ['$.agent_sessions.schema_version', '2', '^unsupported_schema$'],
    'whose version is no number': ['$.agent_sessions.schema_version', '"one"', '^not_a_session$'],
    'whose id is that of another': ['$.session_id', '"another"', '^not_a_session$'],
  };
  test.each(Object.entries(foreign))(
    '%s is left as it is, and the sessions beside it are read and listed',
    async (_what, [path, value, codes]) => {
      const keyPrefix = redis.newKeyPrefix();
      const store = new RedisJsonSessionStore(redis.client, { keyPrefix });
      const ids = ['before', 'foreign', 'after'];
      for (const id of ids) {
        const append = [{ role: 'user', content: id }] as const;
        await store.commit(id, { operationId: 'one', append, ttlMs: 3_600_000 });
      }
      const key = `${keyPrefix}foreign`;
      await redis.command('JSON.SET', key, path, value);
      const before = await snapshotOf(redis.client, key);
      const conversation = new Conversation({ store, sessionId: 'foreign' });
      for (const call of [
        () => conversation.pop(),
        () => conversation.clear(),
        () => conversation.append([{ role: 'user', content: 'x' }]),
        () => conversation.read(),
        () => conversation.read({ last: 1 }),
      ]) {
        const failure = await failureOf(call());
        expect(failure).toMatchObject({ name: 'SessionError', code: expect.stringMatching(codes) });
      }
      expect(await snapshotOf(redis.client, key)).toEqual(before);

      for (const id of ['before', 'after']) {
        expect(contentsOf((await store.read(id)).messages)).toEqual([id]);
      }
      const listed = new Set<string>();
      for await (const id of store.list()) listed.add(id);
      expect([...listed]).toEqual(expect.arrayContaining(['before', 'after']));
    },
  );
});

describe('F20 a count that is not that of the messages', () => {
  test.each([-2, 3])('(%d) does not keep a transaction from ending', async (difference) => {
    // As the Python class leaves it, which counts after it has appended, where it is interrupted.
    const sessionId = redis.newSessionId();
    const session = new AgentsSession({ store: redis.store, sessionId });
    const [a, b, c] = names.map((content) => ({ role: 'user', content }) as const);
    if (!a || !b || !c) throw new TypeError('There are three.');
    await session.addItems([a, b]);
    const path = '$.metadata.message_count';
    await redis.command('JSON.NUMINCRBY', `session:${sessionId}`, path, String(difference));
    await session.applyHistoryTransaction({
      operationId: 'one',
      transaction: { type: 'replace_suffix', expectedSuffix: [b], replacement: [c] },
    });
    expect(await session.getItems()).toEqual([a, c]);
    expect(await session.conversation.load()).toMatchObject({ messageCount: 2 });
  });
});
