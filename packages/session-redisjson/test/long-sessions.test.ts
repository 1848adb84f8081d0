import { Conversation, type NewMessage } from '@agent-sessions/session-core';
import { type LongSession, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import type { RedisJsonSessionStoreOptions } from '@agent-sessions/session-redisjson';
import { describe, expect, jest, test } from '@jest/globals';

import { failureOf } from './failure-of.ts';
import { snapshotOf } from './key-snapshot.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();

function newConversation(options: RedisJsonSessionStoreOptions = {}, ttlMs?: number) {
  const sessionId = redis.newSessionId();
  const store = new RedisJsonSessionStore(redis.client, options);
  return new Conversation({ store, sessionId, ttlMs });
}

function messages(count: number, content = 'said'): NewMessage[] {
  const message = { role: 'user', content, tokens: 1, timestampMs: 1_795_472_460_645 } as const;
  return Array.from({ length: count }, () => message);
}

describe('A batch', () => {
  test.each([1000, 10_000])(
    'of %i messages is one commit, as a whole and in order',
    async (count) => {
      const conversation = newConversation({ onLongSession() {} });
      const begun = messages(count).map((message, index) => ({ ...message, id: `a${index}` }));
      const added = messages(count).map((message, index) => ({ ...message, id: `b${index}` }));
      await conversation.append(begun);
      await conversation.append(added);
      const read = await conversation.messages();
      expect(read.map(({ id }) => id)).toEqual([...begun, ...added].map(({ id }) => id));
      expect(await conversation.load()).toMatchObject({
        messageCount: 2 * count,
        totalTokens: 2 * count,
      });
    },
  );

  test('of 10,000 messages is refused as a whole where history has moved on', async () => {
    const conversation = newConversation({ onLongSession() {} });
    const { mark } = await conversation.append(messages(1));
    await conversation.append(messages(1));
    const refused = await failureOf(conversation.append(messages(10_000), { expect: mark }));
    expect(refused).toMatchObject({ code: 'conflict' });
    expect(await conversation.messages()).toHaveLength(2);
  });
});

describe('A session that becomes long', () => {
  /** The sessions that were told of, once all that was to be told has been told. */
  async function told(work: (onLongSession: (session: LongSession) => void) => Promise<unknown>) {
    const sessions: LongSession[] = [];
    await work((session) => sessions.push(session));
    await new Promise(setImmediate);
    return sessions;
  }

  test('is told of at the commit that makes it long, and when it has doubled', async () => {
    const sizes = await told(async (onLongSession) => {
      const conversation = newConversation({ warnAtMessages: 4, onLongSession });
      for (let count = 0; count < 17; count += 1) await conversation.append(messages(1));
    });
    expect(sizes.map((session) => session.messages)).toEqual([4, 8, 16]);
  });

  test('is told of, too, where one commit adds many bytes, with its id and their number', async () => {
    const large = 'é'.repeat(1000);
    let sessionId = '';
    const sizes = await told(async (onLongSession) => {
      const conversation = newConversation({ warnAtBytes: 4000, onLongSession });
      sessionId = conversation.sessionId;
      for (const count of [1, 1, 2]) await conversation.append(messages(count, large));
    });
    const text = String(await redis.command('JSON.GET', `session:${sessionId}`, '$.messages[-2:]'));
    const committedBytes = Buffer.byteLength(text) - '[,]'.length;
    expect(sizes).toEqual([{ sessionId, messages: 4, committedBytes }]);
  });

  test('C5 is told of when it has grown, not when it is rewritten or becomes shorter', async () => {
    const sizes = await told(async (onLongSession) => {
      const conversation = newConversation({ warnAtMessages: 4, warnAtBytes: 1000, onLongSession });
      await conversation.append(messages(9));
      await conversation.replaceTail(9, messages(9));
      await conversation.replaceTail('all', messages(5, 'x'.repeat(1000)));
      await conversation.pop();
      await conversation.trackAgent('Triage');
      await conversation.clear();
      await conversation.append(messages(4));
    });
    expect(sizes.map((session) => session.messages)).toEqual([9, 4]);
  });

  test('is told of once where it becomes long in one step, and not when a commit is repeated', async () => {
    const sizes = await told(async (onLongSession) => {
      const conversation = newConversation({ warnAtMessages: 4, onLongSession });
      const operationId = 'one';
      await conversation.append(messages(100), { operationId });
      await conversation.append(messages(100), { operationId });
    });
    expect(sizes.map((session) => session.messages)).toEqual([100]);
  });

  test('is a warning of the process unless somebody wants to be told, and says what to do', async () => {
    const emitted = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const conversation = newConversation();
      await conversation.append(messages(1999));
      await new Promise(setImmediate);
      expect(emitted).not.toHaveBeenCalled();
      await conversation.append(messages(1));
      await new Promise(setImmediate);
      expect(emitted).toHaveBeenCalledTimes(1);
      expect(emitted.mock.calls[0]).toEqual([
        expect.stringMatching(/long: 2000 messages, .*Compact its history, or archive it/),
        { type: 'LongSessionWarning', code: 'AGENT_SESSIONS_LONG_SESSION' },
      ]);
    } finally {
      emitted.mockRestore();
    }
  });

  test('C5 is committed to, whatever the listener does, and what it throws is said once', async () => {
    const emitted = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const onLongSession = () => {
        throw new Error('of the listener');
      };
      const conversation = newConversation({ warnAtMessages: 1, onLongSession });
      expect(await conversation.append(messages(1))).toMatchObject({ mark: { length: 1 } });
      expect(await conversation.append(messages(1))).toMatchObject({ mark: { length: 2 } });
      await new Promise(setImmediate);
      expect(emitted.mock.calls).toEqual([
        [
          expect.stringContaining('of the listener'),
          { type: 'LongSessionWarning', code: 'AGENT_SESSIONS_LISTENER_FAILED' },
        ],
      ]);
    } finally {
      emitted.mockRestore();
    }
  });

  test.each(['onLongSession', 'onDamaged'])('C5 has a function for %s, or none', (field) => {
    for (const listener of [null, 'log', {}]) {
      expect(() => new RedisJsonSessionStore(redis.client, { [field]: listener })).toThrow(
        expect.objectContaining({ name: 'TypeError', code: 'invalid_argument', field }),
      );
    }
  });
});

describe('A maximum', () => {
  test('refuses the commit that would pass it, and leaves everything as it is', async () => {
    const conversation = newConversation({ maxMessages: 3 }, 60_000);
    await conversation.append(messages(2), { operationId: 'one' });
    const key = `session:${conversation.sessionId}`;
    const before = await snapshotOf(redis.client, key);
    const refused = conversation.append(messages(2), { operationId: 'two' });
    expect(await failureOf(refused)).toMatchObject({
      code: 'session_full',
      outcome: 'not_applied',
      retryable: false,
      operationId: 'two',
      message: expect.stringMatching(/full: 2 messages.*nothing was written\. Compact/),
    });
    expect(await snapshotOf(redis.client, key)).toEqual(before);
    expect(await conversation.append(messages(1), { operationId: 'two' })).toMatchObject({
      repeated: false,
      mark: { length: 3 },
    });
  });

  test('of a commit is for its messages and values as they are sent, however long the session', async () => {
    const conversation = newConversation({ maxCommitBytes: 1000 });
    for (let count = 0; count < 3; count += 1) {
      await conversation.append(messages(1, 'x'.repeat(700)));
    }
    for (const refused of [
      conversation.append(messages(1, 'é'.repeat(500)), { operationId: 'large' }),
      conversation.append(messages(2, 'x'.repeat(400)), { operationId: 'large' }),
      conversation.setState({ note: 'x'.repeat(1000) }, { operationId: 'large' }),
      conversation.setState({ odd: ['x'.repeat(1000), -0] }, { operationId: 'large' }),
    ]) {
      expect(await failureOf(refused)).toMatchObject({
        code: 'session_full',
        outcome: 'not_applied',
        operationId: 'large',
        message: expect.stringMatching(/maxCommitBytes/),
      });
    }
    expect(await conversation.messages()).toHaveLength(3);
    expect(await conversation.append(messages(1), { operationId: 'large' })).toMatchObject({
      repeated: false,
    });
  });

  test('does not begin a session with too much', async () => {
    for (const limit of [{ maxMessages: 1 }, { maxCommitBytes: 150 }]) {
      const conversation = newConversation(limit);
      expect(await failureOf(conversation.append(messages(2)))).toMatchObject({
        code: 'session_full',
      });
      expect(await conversation.metadata()).toBeUndefined();
      expect(await conversation.create()).toMatchObject({ created: true });
    }
  });

  test('lets shorter what is too long by now', async () => {
    const { sessionId } = newConversation();
    const unlimited = new Conversation({ store: redis.store, sessionId });
    await unlimited.append(messages(10));
    const store = new RedisJsonSessionStore(redis.client, { maxMessages: 3 });
    const limited = new Conversation({ store, sessionId });
    expect(await failureOf(limited.append(messages(1)))).toMatchObject({ code: 'session_full' });
    await limited.trackAgent('Triage');
    expect(await limited.pop()).toMatchObject({ content: 'said' });
    await limited.replaceTail(1, messages(1, 'same'));
    await limited.replaceTail(4, messages(3));
    expect(await limited.messages()).toHaveLength(8);
    await limited.replaceTail('all', messages(1, 'In short.'));
    expect(await limited.messages()).toMatchObject([{ content: 'In short.' }]);
  });

  test('does not concern a commit that is repeated', async () => {
    const conversation = newConversation({ maxMessages: 3 });
    await conversation.append(messages(3), { operationId: 'one' });
    expect(await conversation.append(messages(3), { operationId: 'one' })).toMatchObject({
      repeated: true,
    });
  });

  test.each([0, -1, 1.5, Number.NaN])('is not %d', (limit) => {
    for (const field of ['maxMessages', 'maxCommitBytes', 'warnAtMessages', 'warnAtBytes']) {
      expect(() => new RedisJsonSessionStore(redis.client, { [field]: limit })).toThrow(
        expect.objectContaining({ code: 'invalid_argument', field }),
      );
    }
  });
});
