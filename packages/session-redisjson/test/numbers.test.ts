import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();

const numbers = [
  ...[0, -0, 1, -1, 0.1, 0.1 + 0.2, 1 / 3, 1e-6, 1e-7, 1e15, 1e16, 1e20, 1e21, 1e22, 1e23],
  ...[2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53) + 1, -(2 ** 53), -(2 ** 53) - 2],
  ...[2 ** 31, 2 ** 32, 2 ** 63, -(2 ** 63), 2 ** 64, 2 ** 64 + 4096, 2 ** 65, 2 ** 70],
  ...[1e308, -1e308, Number.MAX_VALUE, 5e-324, -5e-324, 2.2250738585072014e-308, Number.EPSILON],
  ...[6.86e-21, 123_456_789 + 1 / 7, 2 ** 52 + 0.5, 0.0000012345678901234],
];

/** A number apart from all others, -0 from 0 too. */
const exactly = (number: unknown) => (Object.is(number, -0) ? '-0' : String(number));

/** Adds each number as a message of its own, where each is kept in the way that suits it. */
async function comeBack(given: readonly number[]): Promise<unknown[]> {
  const conversation = newConversation();
  await conversation.append(given.map((content) => ({ role: 'user', content })));
  return (await conversation.messages()).map(({ content }) => content);
}

describe('F19 numbers', () => {
  test('are equal when read back: each alone, and -0 is not 0', async () => {
    expect((await comeBack(numbers)).map(exactly)).toEqual(numbers.map(exactly));
  });

  test.each([
    ['in a list', (given: readonly number[]): unknown => given],
    ['as members', (given: readonly number[]) => Object.fromEntries(given.entries())],
    ['deep inside', (given: readonly number[]) => [[{ a: [{ given }] }]]],
  ])('are equal when read back: %s, in an item and in content', async (_place, place) => {
    const conversation = newConversation();
    const value = place(numbers);
    await conversation.append([
      { role: 'user', content: value },
      { role: 'tool', item: { value } },
    ]);
    const [said, item] = await conversation.messages();
    // Tells -0 from 0.
    expect(said?.content).toEqual(value);
    expect(item?.item).toEqual({ value });
    expect(await conversation.pop()).toEqual(item);
  });

  test('of an embedding, 1,536 doubles with all their digits, are equal', async () => {
    const embedding = Array.from({ length: 1536 }, (_, index) => Math.sin(index * 7.3) / 3);
    const session = new AgentsSession({ store: redis.store, sessionId: redis.newSessionId() });
    const item = { type: 'unknown', providerData: { embedding } } as const;
    await session.addItems([item]);
    expect(await session.getItems()).toEqual([item]);
  });

  test('whatever they are, 20,000 doubles are equal', async () => {
    const decimal = fc
      .tuple(
        fc.maxSafeInteger(),
        fc.integer({ min: -25, max: 25 }),
        fc.integer({ min: 1, max: 17 }),
      )
      .map(([digits, exponent, count]) => Number(`${String(digits).slice(0, count)}e${exponent}`))
      .filter(Number.isFinite);
    const some = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), decimal);
    await fc.assert(
      fc.asyncProperty(fc.array(some, { minLength: 400, maxLength: 400 }), async (given) => {
        expect((await comeBack(given)).map(exactly)).toEqual(given.map(exactly));
      }),
      { numRuns: 50, endOnFailure: true },
    );
  });

  test('that RedisJSON keeps exactly are kept as numbers, which a path finds', async () => {
    const conversation = newConversation();
    await conversation.append(
      [1, 42, 0.5, 2 ** 53 - 1].map((content) => ({ role: 'user', content })),
    );
    const found = await redis.command(
      'JSON.GET',
      `session:${conversation.sessionId}`,
      '$.messages[?(@.content>41)].content',
    );
    expect(JSON.parse(String(found))).toEqual([42, 2 ** 53 - 1]);
  });

  test('and no numbers: [] is not {}, and neither is null', async () => {
    const conversation = newConversation();
    const empty: readonly unknown[] = [
      [],
      {},
      null,
      [[]],
      [{}],
      { a: [] },
      { a: {} },
      [null],
      '',
      [[], {}],
    ];
    await conversation.append(
      empty.flatMap((value) => [
        { role: 'user', content: value } as const,
        { role: 'tool', item: { value, content: value } } as const,
      ]),
    );
    const read = await conversation.messages();
    expect(read.map(({ content }) => JSON.stringify(content))).toEqual(
      // An item whose content is null has none.
      empty.flatMap((value) => [JSON.stringify(value), JSON.stringify(value ?? '')]),
    );
    expect(read.flatMap(({ item }) => (item ? [JSON.stringify(item)] : []))).toEqual(
      empty.map((value) => JSON.stringify({ value, content: value })),
    );
  });

  test('of tokens are summed exactly, up and down', async () => {
    const conversation = newConversation();
    const tokens = [0, 1, 2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1, 7];
    const sum = () => conversation.load().then(({ totalTokens }) => totalTokens);
    for (const each of tokens) {
      await conversation.append([{ role: 'user', content: '', tokens: each }]);
    }
    let expected = tokens.reduce((total, each) => total + each, 0);
    expect(await sum()).toBe(expected);
    for (const each of tokens.toReversed()) {
      await conversation.pop();
      expected -= each;
      expect(await sum()).toBe(expected);
    }
  });
});

function newConversation(): Conversation {
  return new Conversation({ store: redis.store, sessionId: redis.newSessionId() });
}
