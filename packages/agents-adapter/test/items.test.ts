import { AgentsSession } from '@agent-sessions/agents-adapter';
import { describe, expect, test } from '@jest/globals';
import { type AgentInputItem, protocol, user } from '@openai/agents-core';
import fc from 'fast-check';

import { asItem, exampleItems } from './example-items.ts';
import { failureOf } from './failure.ts';
import { stores } from './stores.ts';

const examples = Object.entries(exampleItems);

test('The examples are of all the variants that the SDK has, one of each', () => {
  const found = protocol.ModelItem.options.map((variant) =>
    examples.filter(([, item]) => variant.safeParse(item).success).map(([name]) => name),
  );
  expect(found.map((names) => names.length)).toEqual(found.map(() => 1));
  expect(found.flat().toSorted()).toEqual(Object.keys(exampleItems).toSorted());
});

const lookalikes = [
  { $binary: 'Uint8Array', base64: 'AAAA' },
  { $binary: 'none', json: '{}' },
  { $binary: null },
  { $binary: { $binary: 'Buffer', base64: '' } },
];

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom('\ud800', '\udfff', '\u0000', '\u2028', '\u2029', '"', '\\', '\n', 'é'),
    maxLength: 6,
  }),
  fc.constantFrom('$', '$.messages', '-0', 'null', 'undefined', '[object Object]', '\u{10ffff}'),
);
const hostileNumber = fc.oneof(
  fc.constantFrom(
    ...[-0, 0, 1e21, -1e21, 1e22, 5e-324, 6.86e-21, 1.7976931348623157e308, 0.1 + 0.2, 1e-7],
    ...[2 ** 53, 2 ** 53 - 1, 2 ** 53 + 2, -(2 ** 53) - 2, 2 ** 63, 2 ** 64, 1e15 + 0.3],
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
);
const hostileKey = fc.oneof(
  fc.constantFrom(
    ...['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'toJSON', 'length'],
    ...['$binary', 'base64', 'json', 'role', 'content', 'item', 'exact', 'id', 'tokens'],
    ...['0', '1', '10', '-1', '01', '4294967295', '', ' ', '.', '$', '@', '*', '[0]', '\ud83d'],
  ),
  hostileText,
);
const hostileJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    hostileText,
    hostileNumber,
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom(...lookalikes),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(hostileKey, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const deepJson = fc
  .tuple(hostileJson, fc.array(fc.constantFrom('list', 'a', '__proto__', '0'), { maxLength: 200 }))
  .map(([value, levels]) => {
    let nested: unknown = value;
    for (const level of levels) {
      nested = level === 'list' ? [nested] : Object.fromEntries([[level, nested]]);
    }
    return nested;
  });

/** An item of any variant, with members that the SDK has never heard of, before it or after it. */
const hostileItem = fc
  .record({
    base: fc.constantFrom(...Object.values(exampleItems)),
    unknown: fc.dictionary(hostileKey, fc.oneof(hostileJson, deepJson), {
      maxKeys: 5,
      noNullPrototype: true,
    }),
    providerData: fc.option(
      fc.dictionary(hostileKey, hostileJson, { maxKeys: 5, noNullPrototype: true }),
    ),
    before: fc.boolean(),
  })
  .map(({ base, unknown, providerData, before }): AgentInputItem => {
    const item = { ...base, ...(providerData && { providerData }) };
    return asItem(before ? { ...unknown, ...item } : { ...item, ...unknown, ...item });
  });

describe.each(stores)('On $name, an item', ({ useStore }) => {
  const { store, newSessionId } = useStore();
  const newSession = () => new AgentsSession({ store, sessionId: newSessionId() });

  /** What comes back, by every way there is. */
  async function roundTrip(items: AgentInputItem[]) {
    const session = newSession();
    await session.addItems(items);
    const read = await session.getItems();
    expect(await session.getItems(1)).toEqual(read.slice(-1));
    expect(await session.popItem()).toEqual(read.at(-1));
    return read;
  }

  test.each(examples)('comes back deep-equal and in the same order: %s', async (_name, item) => {
    const [back] = await roundTrip([item]);
    expect(back).toEqual(item);
    expect(JSON.stringify(back)).toBe(JSON.stringify(item));
    expect(protocol.ModelItem.safeParse(back).success).toBe(true);
  });

  test.each(examples)('keeps members the SDK does not know: %s', async (_name, item) => {
    const strange: AgentInputItem = Object.assign(
      { zebra: 1, 7: 'integer-like' },
      { ...item },
      { unknown_member: { b: [], a: {} }, content_extra: null },
    );
    const [back] = await roundTrip([strange]);
    expect(JSON.stringify(back)).toBe(JSON.stringify(strange));
  });

  test('C8 is stored under the role that it has or acts in, and found by it', async () => {
    const session = newSession();
    await session.addItems(Object.values(exampleItems));
    const stored = await session.conversation.messages();
    const names = Object.keys(exampleItems);
    expect(Object.fromEntries(stored.map(({ role }, index) => [names[index], role]))).toEqual({
      'user message': 'user',
      'assistant message': 'assistant',
      'system message': 'system',
      'tool search call': 'assistant',
      'tool search output': 'tool',
      'hosted tool call': 'assistant',
      'program call': 'assistant',
      'program output': 'tool',
      'function call': 'assistant',
      'computer call': 'assistant',
      'shell call': 'assistant',
      'patch call': 'assistant',
      'function result': 'tool',
      'computer result': 'tool',
      'shell output': 'tool',
      'patch output': 'tool',
      reasoning: 'assistant',
      compaction: 'assistant',
      unknown: 'assistant',
    });
    const results = await session.conversation.messages({ role: 'tool' });
    expect(results.map(({ item }) => item)).toEqual(
      ['tool search output', 'program output', 'function result']
        .concat('computer result', 'shell output', 'patch output')
        .map((name) => exampleItems[name]),
    );
  });

  test('whatever is in it comes back deep-equal and in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileItem, { minLength: 1, maxLength: 5 }), async (items) => {
        const back = await roundTrip(items);
        expect(back).toEqual(items);
        expect(JSON.stringify(back)).toBe(JSON.stringify(items));
      }),
      { numRuns: 150 },
    );
  });

  test.each([99, 100, 101, 124, 125, 126, 200, 900])('may nest %d deep', async (depth) => {
    let nested: unknown = 'the bottom';
    for (let level = 0; level < depth; level += 1) nested = level % 2 ? [nested] : { nested };
    const item: AgentInputItem = { type: 'unknown', providerData: { nested } };
    expect(JSON.stringify(await roundTrip([item]))).toBe(JSON.stringify([item]));
  });

  test('may be as long as a picture', async () => {
    const item = user(`data:image/png;base64,${'QUJD'.repeat(500_000)}`);
    expect(await roundTrip([item])).toEqual([item]);
  });

  describe('with binary in it', () => {
    const around = new Uint8Array([9, 9, 1, 2, 255, 0, 9]);
    const binary: [string, Uint8Array | ArrayBuffer][] = [
      ['a Uint8Array', new Uint8Array([0, 1, 128, 255])],
      ['an empty Uint8Array', new Uint8Array()],
      ['a Uint8Array that is part of a buffer', around.subarray(2, 5)],
      ['a Buffer', Buffer.from('Grüße', 'latin1')],
      ['an empty Buffer', Buffer.alloc(0)],
      ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
      ['an empty ArrayBuffer', new ArrayBuffer(0)],
    ];
    const places: [string, (data: unknown) => AgentInputItem][] = [
      ['at the top', (data) => Object.assign(user('Look:'), { data })],
      ['in a list', (data) => ({ type: 'unknown', providerData: { list: [[data], 1] } })],
      [
        'beside a lookalike',
        (data) => ({ type: 'unknown', providerData: { a: lookalikes, data } }),
      ],
    ];

    describe.each(places)('%s', (_place, itemWith) => {
      test.each(binary)('gives back %s', async (_name, data) => {
        const [back] = await roundTrip([itemWith(data)]);
        expect(back).toEqual(itemWith(data));
        expect(describeBinary(back)).toEqual([describeBytes(data)]);
      });
    });

    test('of a tool gives it back where the SDK expects it', async () => {
      const file = { data: new Uint8Array([37, 80, 68, 70]), mediaType: 'application/pdf' };
      const item: AgentInputItem = {
        type: 'function_call_result',
        name: 'print',
        callId: 'call_1',
        status: 'completed',
        output: { type: 'file', file: { ...file, filename: 'a.pdf' } },
      };
      const [back] = await roundTrip([item]);
      expect(back).toEqual(item);
      expect(protocol.ModelItem.safeParse(back).success).toBe(true);
    });

    test('wherever, and as much as there is, gives it back', async () => {
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
        fc.uint8Array({ maxLength: 40 }).map((array) => new Uint8Array(array).buffer),
      );
      const withBytes = fc.array(
        fc.tuple(fc.constantFrom('a', '__proto__', '0'), bytes, fc.nat(5)),
      );
      await fc.assert(
        fc.asyncProperty(withBytes, async (placed) => {
          const list = placed.map(([key, data, depth]) => {
            let value: unknown = data;
            for (let level = 0; level < depth; level += 1) {
              value = level % 2 ? [value, null] : Object.fromEntries([[key, value]]);
            }
            return value;
          });
          const item: AgentInputItem = { type: 'unknown', providerData: { list } };
          const [back] = await roundTrip([item]);
          expect(back).toEqual(item);
          expect(describeBinary(back)).toEqual(placed.map(([, data]) => describeBytes(data)));
        }),
        { numRuns: 50 },
      );
    });

    test('is copied before the call returns', async () => {
      const data = new Uint8Array([1, 2, 3]);
      const session = newSession();
      const added = session.addItems([{ type: 'unknown', providerData: { data } }]);
      data.fill(0);
      await added;
      expect(await session.getItems()).toEqual([
        { type: 'unknown', providerData: { data: new Uint8Array([1, 2, 3]) } },
      ]);
    });
  });

  test.each(lookalikes)('that looks like our binary stays what it is: %j', async (lookalike) => {
    const items: AgentInputItem[] = [
      { type: 'unknown', providerData: lookalike },
      Object.assign(user('At the top'), lookalike),
    ];
    expect(JSON.stringify(await roundTrip(items))).toBe(JSON.stringify(items));
  });

  test('loses what the runner takes for absent, and nothing else', async () => {
    const at = new Date('2026-11-23T12:00:00.000Z');
    const item: AgentInputItem = {
      type: 'function_call',
      id: undefined,
      callId: 'call_1',
      name: 'f',
      arguments: '{}',
      providerData: {
        gone: undefined,
        kept: null,
        at,
        list: [undefined, 1],
        deep: { gone: undefined },
      },
    };
    const [back] = await roundTrip([item]);
    expect(JSON.stringify(back)).toBe(JSON.stringify(item));
    expect(back).not.toHaveProperty('id');
    expect(back?.providerData).toStrictEqual({
      kept: null,
      at: '2026-11-23T12:00:00.000Z',
      list: [null, 1],
      deep: {},
    });
  });

  test.each<[string, unknown]>([
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['a WeakMap', new WeakMap()],
    ['a RegExp', /x/],
    ['an Error', new Error('x')],
    ['a SharedArrayBuffer', new SharedArrayBuffer(2)],
    ['a Float32Array', new Float32Array(2)],
    ['an Int8Array', new Int8Array(2)],
    ['a BigInt64Array', new BigInt64Array(2)],
    ['a bigint', 1n],
    ['a symbol', Symbol('x')],
    ['a function', () => 1],
  ])('with %s in it is refused, and the error says where', async (_name, value) => {
    const session = newSession();
    const item: AgentInputItem = { type: 'unknown', providerData: { deep: [{ value }] } };
    expect(await failureOf(session.addItems([user('x'), item]))).toMatchObject({
      code: 'unstorable_value',
      field: 'items[1].providerData.deep[0].value',
    });
    expect(await session.conversation.metadata()).toBeUndefined();
  });
});

/** Kind and bytes of all the binary in a value, in order. */
function describeBinary(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return [describeBytes(value)];
  return Object.values(value).flatMap(describeBinary);
}

function describeBytes(data: Uint8Array | ArrayBuffer) {
  const kind = Buffer.isBuffer(data) ? 'Buffer' : data.constructor.name;
  return { kind, bytes: [...new Uint8Array(data)] };
}
