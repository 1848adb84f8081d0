import { type JsonObject, type JsonValue, roles } from '@agent-sessions/session-core';
import fc from 'fast-check';

import type { FuzzedMessage } from './operation.ts';

/** Session ids: the first few meet in one key, are patterns of or begin with one another. Another
 * store sees each with two more characters before it, and 512 are the most. */
export const sessionIds = [
  ...['s', 'b:s', 's1', '*', 'b:*', '[s]', '?', '\\*', 's\u0000', '\u0000'],
  ...['__proto__', 'constructor', '$.messages[0]', '{s}', '🙂', '"', "']] --", '\n', ' ', '-1'],
  ...['x'.repeat(510), '🙂'.repeat(255), '\ufeff', 'null'],
];

export const userIds = ['ada', 'ad', 'ada\u0000', '__proto__', '*', '"', '🙂'];

/** Of agents, operations and messages. */
export const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'ab') },
  fc.constantFrom(...sessionIds),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((text) => text.isWellFormed()),
);

export const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('\ud800', '\udfff', '\u0000', '\u2028', '"', '\\', '\n', '\r', '🙂', 'é'),
    maxLength: 6,
  }),
  fc.constantFrom(
    ...['', '$', '$.messages[?(@.role=="user")]', '-0', '1e999', 'null', '[]', '{}', '\u{10ffff}'],
    ...[
      '"]}',
      '\\u0000',
      '\r\n$-1\r\n',
      ']] ..',
      '\ufeff',
      '"$.agent_sessions":[{',
      'x'.repeat(3000),
    ],
  ),
);

const number = fc.oneof(
  fc.integer({ min: -100, max: 100 }),
  fc.constantFrom(
    ...[-0, 0.1 + 0.2, 1e-7, 6.86e-21, 5e-324, 1e21, 1e22, 1e23, Number.MAX_VALUE],
    ...[2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 63, 2 ** 64, 1e15 + 0.3],
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const key = fc.oneof(
  fc.constantFrom(
    ...['__proto__', 'constructor', 'role', 'content', 'item', 'exact', 'id', 'type', 'a', ''],
    ...['0', '-1', '.', '*', '$', '"', '\\', '\u0000', '\ud800'],
  ),
  text,
);

const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    number,
    fc.constantFrom(null, true, false),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

/** A value below so many levels: one nests deeper than RedisJSON takes, or than we leave to it. */
const deep = fc
  .tuple(tree, fc.constantFrom(90, 99, 100, 101, 126, 127, 128, 200), fc.boolean())
  .map(([bottom, levels, isList]) => {
    let value = bottom;
    for (let level = 0; level < levels; level += 1) value = isList ? [value] : { a: value };
    return value;
  });

const json: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 12, arbitrary: text },
  { weight: 8, arbitrary: tree },
  { weight: 1, arbitrary: deep },
);

/** As the SDK has them, and with a role and content of its own or none at all. */
const item = fc
  .tuple(
    fc.record(
      {
        type: fc.constantFrom('message', 'function_call', 'function_call_result'),
        role: fc.constantFrom<JsonValue>(...roles, null, 'function', 5),
        content: fc.oneof(fc.constant(null), json),
        callId: text,
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(key, json, { maxKeys: 2, noNullPrototype: true }),
    fc.boolean(),
  )
  .map(([known, others, isKnownFirst]): JsonObject => {
    return isKnownFirst ? { ...known, ...others } : { ...others, ...known };
  });

const plainMessage: fc.Arbitrary<FuzzedMessage> = fc.record(
  {
    role: fc.constantFrom(...roles),
    content: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('', 'a', 'b') }, json),
    agent: fc.option(name),
    tokens: fc.option(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(2 ** 31 - 1))),
    id: name,
    timestampMs: fc.oneof(
      fc.integer({ min: 1.7e12, max: 1.8e12 }),
      fc.constantFrom(0, 1, -1, 8.64e15, -8.64e15, 1.7e12 + 0.5 * 2),
    ),
  },
  { requiredKeys: ['role', 'content'] },
);

export const message: fc.Arbitrary<FuzzedMessage> = fc.oneof(
  { weight: 2, arbitrary: plainMessage },
  {
    weight: 1,
    arbitrary: fc
      .tuple(plainMessage, item, fc.constantFrom('none', 'same', 'other', 'same', 'none'))
      .map(([{ content = '', ...rest }, own, contents]): FuzzedMessage => {
        if (contents === 'none') return { ...rest, item: own };
        if (contents === 'other') return { ...rest, content, item: own };
        return { ...rest, content, item: { ...own, role: rest.role, content } };
      }),
  },
);
