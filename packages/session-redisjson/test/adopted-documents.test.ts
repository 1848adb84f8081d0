import { Conversation } from '@agent-sessions/session-core';
import type { ReadQuery } from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';

import { failureOf } from './failure-of.ts';
import { snapshotOf } from './key-snapshot.ts';
import { useTestRedis } from './redis-for-tests.ts';

// What the Python class has written, what its applications put beside it, and what it leaves where
// it is interrupted.

const redis = useTestRedis();

const message = (id: string, tokens: number | null = null) => ({
  id,
  role: 'user',
  content: id,
  timestamp: 1_732_400_000.5,
  agent: null,
  tokens,
});
const append = [{ role: 'user', content: 'ours' }] as const;

/** A session as the Python class leaves it, with what else there is. */
async function adopt(members: Readonly<Record<string, unknown>>) {
  const sessionId = redis.newSessionId();
  const key = `session:${sessionId}`;
  const document = {
    session_id: sessionId,
    user_id: 'ada',
    created_at: 1_732_400_000.25,
    updated_at: 1_732_400_001.5,
    metadata: { current_agent: null, agents_used: [], message_count: 2, total_tokens: 3 },
    messages: [message('m1', 3), message('m2')],
    handoff_context: null,
    ...members,
  };
  await redis.command('JSON.SET', key, '$', JSON.stringify(document));
  return {
    conversation: new Conversation({ store: redis.store, sessionId }),
    sessionId,
    key,
    document: () => redis.document(key),
    snapshot: () => snapshotOf(redis.client, key),
  };
}

describe('A5 a document of Python', () => {
  const own = {
    store: { warehouse: 7 },
    operations: ['read', 'write'],
    state: { cart: ['apple'], locale: { tag: 'de', region: null }, 'not-a-name': 1, none: null },
    epoch: 'theirs',
  };

  test.each([
    ['a member store of its own', { store: 'a shop' }],
    ['a list operations', { operations: [1] }],
    ['a state', { state: own.state }],
    ['all of them', own],
  ])('with %s keeps it, whatever is done here', async (_what, members) => {
    const { conversation, document } = await adopt(members);
    await conversation.append(append);
    await conversation.pop();
    await conversation.trackAgent('Desk');
    await conversation.setState({ title: 'Ours' });
    await conversation.commit({ usage: { requests: 1 } });
    await conversation.clear();
    const { state, ...others } = members as Partial<typeof own>;
    expect(await document()).toMatchObject({ ...others, state: { ...state, title: 'Ours' } });
    expect(await conversation.load()).toMatchObject({ messageCount: 0, agentsUsed: ['Desk'] });
  });

  test('has its state read as values, of revision 0 until they are set here', async () => {
    const { conversation } = await adopt(own);
    const values = {
      cart: { value: ['apple'], revision: 0 },
      locale: { value: { tag: 'de', region: null }, revision: 0 },
    };
    expect(await conversation.state()).toEqual(values);
    expect(await conversation.state(['cart', 'title', 'none'])).toEqual({ cart: values.cart });
    const stale = conversation.setState({ cart: [] }, { expectState: { cart: 1 } });
    expect(await failureOf(stale)).toMatchObject({ code: 'conflict' });
    const { revision } = await conversation.setState(
      { cart: [] },
      { expectState: { cart: 0, none: null } },
    );
    expect(await conversation.state()).toEqual({ ...values, cart: { value: [], revision } });
  });

  test.each([
    ['a text', 'going on'],
    ['a list', [1]],
    ['a number', 7],
    ['null', null],
  ])('whose state is %s has no values, and cannot be given any', async (_what, state) => {
    const { conversation, snapshot, document } = await adopt({ state });
    expect(await conversation.state()).toEqual({});
    const before = await snapshot();
    expect(await failureOf(conversation.setState({ title: 'Ours' }))).toMatchObject({
      code: 'not_a_session',
      outcome: 'not_applied',
      field: 'state',
    });
    expect(await snapshot()).toEqual(before);
    await conversation.append(append);
    expect(await document()).toMatchObject({ state, metadata: { message_count: 3 } });
  });

  test.each([
    ['a text', 'much'],
    ['a number that is a text', { requests: 'many' }],
  ])('whose usage is %s cannot be added to, and keeps it', async (_what, usage) => {
    const { conversation, snapshot } = await adopt({ usage });
    expect(await conversation.load()).toMatchObject({ usage: { requests: 0 } });
    const before = await snapshot();
    const refused = conversation.commit({ append, usage: { requests: 1 } });
    expect(await failureOf(refused)).toMatchObject({ code: 'not_a_session', field: 'usage' });
    expect(await snapshot()).toEqual(before);
  });

  test.each([
    ['a text', 'theirs'],
    ['null', null],
    ['a list', []],
    ['an empty object', {}],
    ['an object of another form', { schema_version: 1, epoch: 7 }],
    ['an object with a version that is a text', { schema_version: '1' }],
  ])(
    'with a member agent_sessions that is %s gives one error in every call',
    async (_what, ours) => {
      const { conversation, snapshot } = await adopt({ agent_sessions: ours });
      const before = await snapshot();
      for (const call of [
        () => conversation.create(),
        () => conversation.append(append),
        () => conversation.pop(),
        () => conversation.clear(),
        () => conversation.trackAgent('Desk'),
        () => conversation.setState({ title: 'Ours' }),
        () => conversation.read(),
        () => conversation.read({ last: 1 }),
        () => conversation.read({ role: 'user' }),
        () => conversation.metadata(),
        () => conversation.state(),
        () => conversation.delete(),
      ]) {
        expect(await failureOf(call())).toMatchObject({
          code: 'not_a_session',
          outcome: 'not_applied',
        });
      }
      expect(await snapshot()).toEqual(before);
    },
  );
});

describe('A9 an add of Python that was interrupted', () => {
  /** All that Python does is the first of its commands. */
  async function halfDone(messageCount = 2) {
    const adopted = await adopt({});
    await adopted.conversation.append([{ role: 'user', content: 'ours', tokens: 4 }]);
    const half = JSON.stringify(message('half', 7));
    await redis.command('JSON.ARRAPPEND', adopted.key, '$.messages', half);
    if (messageCount > 2) {
      await redis.command('JSON.NUMINCRBY', adopted.key, '$.metadata.message_count', '1');
    }
    return adopted;
  }

  test('leaves marks that are the same from every read and commit', async () => {
    const { conversation, sessionId } = await halfDone();
    const { mark } = await conversation.read();
    expect(mark).toMatchObject({ length: 4, lastId: 'half' });
    const queries: ReadQuery[] = [{ last: 1 }, { last: 0 }, { role: 'user' }, { before: 2 }];
    for (const query of queries) {
      expect((await redis.store.read(sessionId, query)).mark).toEqual(mark);
    }
    expect((await conversation.create()).mark).toEqual(mark);
    const { messages, first } = await conversation.read({ last: 2 });
    expect([first, messages.map(({ id }) => id)]).toEqual([2, [expect.any(String), 'half']]);
    const committed = await conversation.append([], { expect: mark });
    expect(committed.mark).toEqual(mark);
    expect(await conversation.load()).toMatchObject({ messageCount: 4, totalTokens: 14 });
  });

  test.each([2, 3])(
    'leaves a sum of tokens that is right after the next commit (%i counted)',
    async (counted) => {
      const dropped = await halfDone(counted);
      expect(await dropped.conversation.pop()).toMatchObject({ id: 'half' });
      // Where only the tokens were not counted, that is seen once it would take the sum below zero.
      const sum = counted === 2 ? 7 : 0;
      expect(await dropped.conversation.load()).toMatchObject({
        messageCount: 3,
        totalTokens: sum,
      });
      await dropped.conversation.pop();
      expect(await dropped.conversation.load()).toMatchObject({ messageCount: 2, totalTokens: 3 });
    },
  );

  test('to an empty session is counted, too', async () => {
    const { conversation, key } = await adopt({
      metadata: { current_agent: null, agents_used: [], message_count: 0, total_tokens: 0 },
      messages: [message('half', 7)],
    });
    await conversation.append([{ role: 'user', content: 'ours', tokens: 4 }]);
    expect(await conversation.load()).toMatchObject({ messageCount: 2, totalTokens: 11 });
    await redis.command('JSON.SET', key, '$.metadata.total_tokens', '-5');
    await conversation.append([]);
    expect(await conversation.load()).toMatchObject({ totalTokens: 11 });
  });
});

describe('C7 a document of Python', () => {
  test.each([
    ['in milliseconds', '1795472460645.1235'],
    ['in nanoseconds', '1795472460645123456'],
    ['between two microseconds', '1732400000.0078125'],
    ['of zero', '0'],
    ['before the epoch', '-1.5'],
    ['far away', '1e200'],
  ])('with a time of creation %s has one epoch', async (_what, createdAt) => {
    const { conversation, key } = await adopt({});
    await redis.command('JSON.SET', key, '$.created_at', createdAt);
    const { mark } = await conversation.read();
    const committed = await conversation.append([], { expect: mark });
    expect(committed.mark).toEqual(mark);
    expect((await conversation.read({ last: 0 })).mark).toEqual(mark);
    expect(await redis.value(key, '$.agent_sessions.epoch')).toBe(mark?.epoch);
  });

  test('with a time of creation that is no time is no session', async () => {
    for (const createdAt of ['"yesterday"', 'null', '1e307']) {
      const { conversation, key, snapshot } = await adopt({});
      await redis.command('JSON.SET', key, '$.created_at', createdAt);
      const before = await snapshot();
      for (const call of [() => conversation.read(), () => conversation.append(append)]) {
        expect(await failureOf(call())).toMatchObject({ code: 'not_a_session' });
      }
      expect(await snapshot()).toEqual(before);
    }
  });

  test('with a sum of tokens from 10^14 on is counted to the token', async () => {
    const { conversation, key } = await adopt({});
    const sum = 2 ** 53 - 3;
    await redis.command('JSON.SET', key, '$.metadata.total_tokens', String(sum));
    await conversation.append([{ role: 'user', content: 'ours', tokens: 2 }]);
    expect(await conversation.load()).toMatchObject({ totalTokens: sum + 2 });
    await conversation.pop();
    expect(await conversation.load()).toMatchObject({ totalTokens: sum });
    expect(String(await redis.command('JSON.GET', key, '$.metadata.total_tokens'))).toBe(
      `[${sum}]`,
    );
  });
});
