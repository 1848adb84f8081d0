import { type AgentInputItem, protocol } from '@openai/agents-core';
import fc from 'fast-check';

import { exampleItems } from './example-items.ts';

const text = fc.oneof(
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  fc.string({ unit: 'grapheme', maxLength: 15 }),
  fc.string({
    unit: fc.constantFrom('\ud800', '\udfff', '\u0000', '\u2028', '"', '\\', '\n', '\r', '🙂', 'é'),
    maxLength: 8,
  }),
  fc.constantFrom(
    ...['', '$', '$.messages[?(@.role=="user")]', '-0', '1e999', 'null', '[]', '{}', '\u{10ffff}'],
    ...['"]}', '\\u0000', '\r\n$-1\r\n', ']] ..', '\ufeff', '\ufffe', 'data:image/png;base64,AA=='],
  ),
);

const number = fc.oneof(
  fc.constantFrom(
    ...[0, -0, 0.1 + 0.2, 1e-7, 6.86e-21, 5e-324, 1e21, 1e22, 1e23, 1e308, Number.MAX_VALUE],
    ...[2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 63, 2 ** 64, 1e15 + 0.3],
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.integer({ min: -100, max: 100 }),
);

const key = fc.oneof(
  fc.constantFrom(
    ...[
      '__proto__',
      '$binary',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      'toJSON',
      'length',
    ],
    ...['base64', 'json', 'role', 'content', 'item', 'exact', 'id', 'tokens', 'type'],
    ...['0', '10', '-1', '01', '4294967295', '', ' ', '.', '*', '[0]', '$', '@', 'a'],
  ),
  text,
);

const bytes = fc.uint8Array({ maxLength: 24 });
const binary = fc.oneof(
  bytes,
  bytes.map((array) => Buffer.from(array)),
  bytes.map((array) => new Uint8Array(array).buffer),
);

/** What looks like the form in which binary is kept. */
const lookalike = fc.constantFrom<unknown>(
  { $binary: 'Uint8Array', base64: 'AAAA' },
  { $binary: 'none', json: '{}' },
  { $binary: null },
  { $binary: { $binary: 'Buffer', base64: '' } },
);

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    number,
    fc.constantFrom(null, true, false),
    binary,
    lookalike,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

const deep = fc
  .tuple(value, fc.array(fc.constantFrom('list', 'a', '__proto__', '0'), { maxLength: 220 }))
  .map(([bottom, levels]) =>
    levels.reduce(
      (inner, level) => (level === 'list' ? [inner] : Object.fromEntries([[level, inner]])),
      bottom,
    ),
  );

const members = fc.dictionary(key, fc.oneof({ weight: 6, arbitrary: value }, deep), {
  maxKeys: 4,
  noNullPrototype: true,
});

/** An item of any variant, its texts replaced, with members that the SDK has never heard of. */
export const generatedItem: fc.Arbitrary<AgentInputItem> = fc
  .record({
    base: fc.constantFrom(...Object.values(exampleItems)),
    texts: fc.array(text, { maxLength: 12 }),
    providerData: fc.option(members, { nil: undefined }),
    unknown: members,
    unknownFirst: fc.boolean(),
  })
  .map(({ base, texts, providerData, unknown, unknownFirst }) => {
    const item = { ...base, ...(providerData && { providerData }) };
    const withUnknown = (known: object) =>
      unknownFirst ? { ...unknown, ...known } : { ...known, ...unknown, ...known };
    // A member of the name that an optional one has may be more than the variant can bear.
    const candidates = [withUnknown(retold(item, texts)), withUnknown(item), item];
    const made = candidates.find(isItem);
    if (made) return made;
    throw new TypeError('The example is an item, so this is one.');
  });

function isItem(candidate: unknown): candidate is AgentInputItem {
  return protocol.ModelItem.safeParse(candidate).success;
}

/** The value with other texts, in turn, in all places where they do not name what it is. */
function retold(original: unknown, texts: readonly string[]): object {
  let next = 0;
  const retell = (part: unknown): unknown => {
    if (typeof part === 'string') return texts[next++ % (texts.length + 3)] ?? part;
    if (Array.isArray(part)) return part.map(retell);
    if (typeof part !== 'object' || part === null) return part;
    if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, member]) => [
        name,
        /^(type|role|status|phase|execution|detail|button|format)$/.test(name)
          ? member
          : retell(member),
      ]),
    );
  };
  const told = retell(original);
  return typeof told === 'object' && told !== null ? told : {};
}
