import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import { JSONSession } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';

import { failureOf } from './failure-of.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
const numbers = ['1', '2', '3', '4', '5'];
const odd = ['1', '3', '5'];

/** The ways to read with a limit, on sessions with the same five messages. */
const readers: Readonly<
  Record<string, (sessionId: string, limit?: number) => Promise<readonly object[]>>
> = {
  Conversation: (sessionId, limit) =>
    new Conversation({ store: redis.store, sessionId }).messages({ last: limit }),
  JSONSession: async (sessionId, limit) =>
    redis.closeAtEnd(new JSONSession({ sessionId, redisUrl: redis.url })).getMessages({ limit }),
  AgentsSession: (sessionId, limit) =>
    new AgentsSession({ store: redis.store, sessionId }).getItems(limit),
};
/** Those that know roles: what is limited are the messages of the role. */
const readersOfRole: typeof readers = {
  Conversation: (sessionId, limit) =>
    new Conversation({ store: redis.store, sessionId }).messages({ last: limit, role: 'user' }),
  JSONSession: async (sessionId, limit) =>
    redis
      .closeAtEnd(new JSONSession({ sessionId, redisUrl: redis.url }))
      .getMessages({ limit, role: 'user' }),
};

const whole: readonly (readonly [number | undefined, number])[] = [
  [0, 0],
  [-1, 0],
  [-(2 ** 53) + 1, 0],
  [1, 1],
  [2, 2],
  [5, 5],
  [6, 6],
  [2 ** 31, 2 ** 31],
  [2 ** 53 - 1, 2 ** 53 - 1],
  [undefined, Number.POSITIVE_INFINITY],
];
const notWhole = [Number.NaN, 0.5, -0.5, 2 ** 53, Number.POSITIVE_INFINITY];

async function sessionOfFive(): Promise<string> {
  const conversation = new Conversation({ store: redis.store, sessionId: redis.newSessionId() });
  await conversation.append(
    numbers.map((content) => {
      const role = odd.includes(content) ? 'user' : 'system';
      return { role, item: { type: 'message', role, content } };
    }),
  );
  return conversation.sessionId;
}

const contentsOf = (messages: readonly object[]) =>
  messages.map((message) => ('content' in message ? message.content : undefined));

describe.each(Object.entries(readers))('F12 a limit of %s', (_name, read) => {
  test.each(whole)('%d reads the last so many, in order', async (limit, count) => {
    const contents = contentsOf(await read(await sessionOfFive(), limit));
    expect(contents).toEqual(numbers.slice(Math.max(numbers.length - count, 0)));
  });

  test.each(notWhole)('%d is refused', async (limit) => {
    expect(await failureOf(read(await sessionOfFive(), limit))).toMatchObject({
      name: 'RangeError',
      code: 'invalid_argument',
    });
  });

  test.each(whole)('%d reads nothing where there is no session', async (limit) => {
    expect(await read(redis.newSessionId(), limit)).toEqual([]);
  });
});

describe.each(Object.entries(readersOfRole))('F12 a limit and a role of %s', (_name, read) => {
  test.each(whole)('%d reads the last so many of the role', async (limit, count) => {
    const contents = contentsOf(await read(await sessionOfFive(), limit));
    expect(contents).toEqual(odd.slice(Math.max(odd.length - count, 0)));
  });
});
