import { copyJson, parseJson, stringifyJson } from '@agent-sessions/session-core';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

test('gives back what stringifyJson wrote, whatever the keys', () => {
  const key = fc.stringMatching(/^["\\\n\ud83d\0a:k1_]{0,3}$/);
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      key,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value;
  fc.assert(
    fc.property(value, (given) => {
      const text = stringifyJson(copyJson(given, 'value'));
      expect(stringifyJson(copyJson(parseJson(text), 'value'))).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

// Node 24 and 26 take the second key for the first: https://github.com/nodejs/node/issues/63785
test.each([
  ['\\', '"'],
  ['\\', '\n'],
  ['\\', '\ud83d'],
  ['ab\\', 'ab\n'],
  ['\\n', '\nx'],
])('keeps keys apart that look alike: %j and %j', (one, other) => {
  for (const key of [one, other]) {
    const text = JSON.stringify({ before: 1, [key]: 2 });
    expect(JSON.stringify(parseJson(text))).toBe(text);
  }
});

test.each([
  [
    '{"a\\"":1,"10":2,"9":3,"__proto__":{"x\\n":-0},"":[]}',
    '{"9":3,"10":2,"a\\"":1,"__proto__":{"x\\n":-0},"":[]}',
  ],
  [
    ' { "a\\"b" : "c\\": " , "\\u0041" : 1 , "k41" : { "A" : 2 } } ',
    '{"a\\"b":"c\\": ","A":1,"k41":{"A":2}}',
  ],
  ['{"a\\n":1,"a\\u000a":2}', '{"a\\n":2}'],
  ['"\\\\\\":"', '"\\\\\\":"'],
  ['[{"text":"{\\"a\\\\n\\":1}"}]', '[{"text":"{\\"a\\\\n\\":1}"}]'],
])('reads %s', (text, expected) => {
  expect(stringifyJson(copyJson(parseJson(text), 'value'))).toBe(expected);
});

test.each(['{"a\\n":1', '{"a\\x":1}', '{"a\\n\n":1}', '{"a\\n":1}}', '{\'a\\n":1}', '\\n":'])(
  'refuses what is no JSON: %j',
  (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  },
);

test('reads what JSON.parse reads, however keys and texts are escaped and spaced', () => {
  // Written by hand, and so not by a JSON.parse that may be wrong about keys.
  const { written } = fc.letrec<{ written: Written }>((tie) => ({
    written: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(...['0', '-0', '1e400', '-1.5E-7', '12345678901234567890', 'null'].map(same)),
      fc.constantFrom(...['true', 'false', '[]', '{ }', '[\n]'].map(same)),
      escaped.map(([text, value]): Written => [text, () => value]),
      fc
        .tuple(fc.array(tie('written'), { maxLength: 4 }), space)
        .map(([entries, gap]): Written => [
          `[${entries.map(([text]) => gap + text + gap).join()}]`,
          () => entries.map(([, value]) => value()),
        ]),
      fc
        .tuple(fc.array(fc.tuple(escaped, tie('written')), { maxLength: 4 }), space)
        .map(([members, gap]): Written => [
          `{${members.map(([[key], [text]]) => `${gap}${key}${gap}:${gap}${text}${gap}`).join()}}`,
          () => Object.fromEntries(members.map(([[, key], [, value]]) => [key, value()])),
        ]),
    ),
  }));
  fc.assert(
    fc.property(written, space, ([text, value], gap) => {
      const parsed = parseJson(gap + text + gap);
      expect(parsed).toEqual(value());
      expect(JSON.stringify(parsed)).toBe(JSON.stringify(value()));
    }),
    { numRuns: 5000 },
  );
});

test('refuses exactly what JSON.parse refuses', () => {
  const almostJson = fc.stringMatching(/^[{}[\],:"\\nu0 e.-]{0,12}$/);
  fc.assert(
    fc.property(almostJson, (text) => {
      expect(isRefused(() => parseJson(text))).toBe(isRefused(() => JSON.parse(text)));
    }),
    { numRuns: 20_000 },
  );
});

// The error may become the cause of another one, which may be logged.
test('C4 an error about what is no JSON does not quote it', () => {
  expect(() => parseJson('{"said":"a secret",}')).toThrow(new SyntaxError('The text is not JSON.'));
});

const quotedLines = `"He said: \\"no\\"."\n`.repeat(700_000);

test.each([
  ['lines in quotes', { text: quotedLines }],
  ['a key with an escape beside 14 MB of quoted lines', { 'a\nkey': 1, text: quotedLines }],
  ['a key with 10 million escapes', { ['\n'.repeat(10_000_000)]: 1 }],
  ['10 million backslashes', { 'a\\': '\\'.repeat(10_000_000) }],
  ['JSON inside of JSON', { inner: JSON.stringify({ 'a "key"': quotedLines }) }],
  ['a million entries', { 'a\nkey': Array.from({ length: 1_000_000 }, () => '\n') }],
])('A7 %s: texts may be of any length', (_, value) => {
  const text = JSON.stringify(value);
  const parsed = parseJson(text);
  // Not by the matchers, which would print megabytes.
  expect(JSON.stringify(parsed) === text).toBe(true);
});

test('A7 a text may nest as deep as JSON.parse takes it', () => {
  const depth = 100_000;
  let inner = parseJson(`{"a\\n":${'['.repeat(depth)}${']'.repeat(depth)}}`);
  expect(inner).toHaveProperty(['a\n']);
  inner = Object.values({ ...(inner as object) })[0];
  for (let level = 1; level < depth; level += 1) inner = Array.isArray(inner) ? inner[0] : null;
  expect(inner).toEqual([]);
});

type Written = [text: string, value: () => unknown];

/** What is written in one way only. */
function same(text: string): Written {
  return [text, () => JSON.parse(text) as unknown];
}

/** Halves of a pair, too. */
const units = 'ab:"\\/{[}], 1\n\t\0é\ud83d\udc4b'.split('');

/** A text in quotes, each character as it is or as an escape, and the text. */
const escaped = fc
  .array(fc.tuple(fc.constantFrom(...units), fc.boolean()), {
    maxLength: 5,
  })
  .map((text): [string, string] => [
    `"${text.map(([unit, asEscape]) => writeUnit(unit, asEscape)).join('')}"`,
    text.map(([unit]) => unit).join(''),
  ]);

function writeUnit(unit: string, asEscape: boolean): string {
  if (!asEscape) return JSON.stringify(unit).slice(1, -1);
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const space = fc.constantFrom('', '', ' ', '\n', '\t\r ');

function isRefused(parse: () => unknown): boolean {
  try {
    parse();
    return false;
  } catch (error) {
    return error instanceof SyntaxError;
  }
}
