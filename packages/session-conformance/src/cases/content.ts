import type { NewMessage } from '@agent-sessions/session-core';

import { promise, type CaseContext } from '../case.ts';
import { same } from '../same.ts';
import { change, known, said, sameMessages, times } from '../session.ts';

const sentence = 'Messages come back deep-equal to what was given, key order included.';

/** Values that a store, a query language or an encoding may take for something else. */
export const hardValues: Readonly<Record<string, readonly unknown[]>> = {
  'text that looks like something else': [
    '',
    ' ',
    ' padded \t',
    'null',
    'true',
    '1',
    '[]',
    '{}',
    '"quoted"',
    '\\',
    '\\"',
    '\\u0041',
    '%s %d %%',
    '${text}',
    "it's; DROP TABLE sessions; --",
    '$.messages[?(@.role=="user")].content',
    '"]}{"[',
    ']] .. "x" .. [[',
    '<script>&amp;</script>',
  ],
  'control characters and line ends': [
    '\u0000',
    'a\u0000b',
    'a\r\nb\rc\n',
    '\u2028\u2029',
    '\ufeffmark',
    '\u007f\u0080\u009f',
    times(32, (code) => String.fromCharCode(code)).join(''),
  ],
  'text of all scripts, not normalised': [
    'é',
    'e\u0301',
    'ﬁ',
    'İıßẞ',
    '日本語 العربية हिन्दी',
    '👩‍👩‍👧‍👦🏳️‍🌈',
    '\u{10ffff}\uffff\ufffe\ufffd',
  ],
  'halves of surrogate pairs': ['\ud800', '\udfff', 'a\udc00b', '\udc00\ud800', '🙂\ud83d'],
  'long text': ['x'.repeat(100_000), 'ü🙂"\\\n'.repeat(4000)],
  'null, true and false': [null, true, false, [null, true, false]],
  'empty lists and empty objects': [[], {}, [[]], [{}], { a: [] }, { a: {} }, [[], {}, [[], {}]]],
  'whole numbers': [
    0,
    1,
    -1,
    2 ** 31,
    2 ** 32,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    2 ** 53,
    2 ** 53 + 2,
    2 ** 63,
    -(2 ** 63),
    2 ** 64,
    1e20,
    1.2345678901234568e20,
    1e21,
    1e22,
    1e23,
  ],
  'minus zero': [-0, [-0], { a: -0 }, [0, -0]],
  'fractions of every size': [
    0.1,
    0.1 + 0.2,
    1 / 3,
    -1.5,
    1e-6,
    1e-7,
    6.86e-21,
    2.5e-8,
    5e-324,
    2.2250738585072014e-308,
    1e308,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Number.EPSILON,
    123456789.12345679,
    2251799813685248.5,
    1.797693134862315e308,
  ],
  'deep nesting': [nested(200, (inner) => [inner]), nested(200, (inner) => ({ a: inner }))],
  'the order of keys': [
    { z: 1, a: 2, m: 3 },
    { b: { d: 1, c: 2 }, a: [{ y: 1, x: 2 }] },
    { 10: 'integer-like keys', 9: 'come', '01': 'first', '-1': 'in', a: 'JavaScript' },
  ],
  'names of members that mean something elsewhere': [
    ownMember('__proto__', { polluted: true }),
    ownMember('constructor', { prototype: null }),
    ownMember('toString', 'text'),
    ownMember('hasOwnProperty', 1),
    ownMember('length', 2),
    { '': 1, ' ': 2, '.': 3, 'a.b': 4, $: 5, '*': 6, '"': 7, "'": 8, '\\': 9, '[0]': 10 },
    { '\u0000': 1, '\n': 2, '\u2028': 3, '🙂': 4, '\ud800': 5 },
    // As texts, the keys begin alike: Node 24 and 26 take one for the other.
    ...['\\', '"', '\n', '\ud800', '\\n', '\nx'].map((key) => ({ alike: 1, [key]: 2 })),
    { id: 1, role: 2, content: 3, item: 4, timestamp: 5, exact: '{}', tokens: 6, agent: 7 },
    { $ref: '#', $type: 'x', _id: 1, __type: 'y' },
  ],
};

/** Items as an agent SDK hands them over. */
const items: Readonly<Record<string, readonly NewMessage[]>> = {
  'with members that nobody here knows': [
    item({ type: 'function_call', callId: 'c', name: 'f', arguments: '{"a":[]}', status: 'done' }),
    item({ type: 'function_call_result', callId: 'c', output: { type: 'text', text: '' } }),
    item({
      type: 'reasoning',
      content: [],
      rawContent: [{ type: 'x' }],
      providerData: { a: null },
    }),
    item({ unknown: { deeply: [{ unknown: true }] }, type: 'of tomorrow' }),
  ],
  'with nothing in it': [item({})],
  'with the role and the content of the message': [
    { role: 'user', content: 'hello', item: { role: 'user', content: 'hello' } },
    { role: 'user', item: { type: 'message', role: 'user', content: 'hello', more: 1 } },
    { role: 'user', item: { content: [{ type: 'input_text', text: 'hello' }], role: 'user' } },
  ],
  'with another role and other content than the message': [
    { role: 'tool', content: 'a', item: { content: 'b', role: 'user' } },
    { role: 'user', content: { a: 1, b: 2 }, item: { role: 'user', content: { b: 2, a: 1 } } },
    { role: 'user', content: [0], item: { role: 'user', content: [-0] } },
    { role: 'user', content: '', item: { role: 'user' } },
  ],
  'with null where role and content stand': [
    item({ role: null, content: null }),
    { role: 'user', content: 'hello', item: { role: null, content: null, type: 'x' } },
    { role: 'user', content: null, item: { content: null, role: 'user' } },
    { role: 'user', content: null, item: { role: 'user' } },
  ],
};

export const contentCases = [
  ...promise(
    sentence,
    Object.fromEntries(
      Object.entries(hardValues).map(([name, each]) => [
        name,
        (context: CaseContext) => comesBack(context, each.flatMap(asContentAndInItem)),
      ]),
    ),
  ),
  ...promise(
    sentence,
    Object.fromEntries(
      Object.entries(items).map(([name, each]) => [
        `items ${name}`,
        (context: CaseContext) => comesBack(context, each),
      ]),
    ),
  ),
  ...promise(sentence, {
    'an embedding': (context) =>
      comesBack(context, [said(embedding(1536)), item({ embedding: embedding(1536) })]),
    'every role': (context) =>
      comesBack(context, [
        { role: 'user', content: 'u' },
        { role: 'assistant', content: 'a' },
        { role: 'system', content: 's' },
        { role: 'developer', content: 'd' },
        { role: 'tool', content: 't' },
      ]),
    'ids, agents, tokens and times': (context) =>
      comesBack(context, [
        { ...said('before 1970'), timestampMs: -1 },
        { ...said('least'), tokens: 0, timestampMs: 0 },
        { ...said('all'), id: 'a:b"\\\n🙂', agent: 'Ann "A" \\', tokens: 12, timestampMs: 1e12 },
        { ...said('odd'), timestampMs: 1_732_399_999_999 },
        { ...said('long'), id: 'i'.repeat(512), agent: 'a'.repeat(512) },
        { ...said('names'), id: '__proto__', agent: 'constructor' },
        { ...said('none'), agent: null, tokens: null },
        { ...said('most'), tokens: 2 ** 31 - 1, timestampMs: 8.64e15 },
      ]),
    'what was left out of a message': async ({ store, id }) => {
      await change(store, id, { append: [said('hello'), item({ type: 'x' })] });
      const [message, ofItem] = (await store.read(id)).messages;
      same(message && [message.agent, message.tokens, 'item' in message], [null, null, false]);
      same(ofItem?.content, '');
    },
    'what JSON leaves out and converts': async ({ store, id }) => {
      const date = new Date(1e12);
      const given = { a: undefined, b: [undefined], c: date, d: { toJSON: () => ({ e: 1 }) } };
      await change(store, id, { append: [{ role: 'user', content: given, item: given }] });
      const [message] = (await store.read(id)).messages;
      const kept = { b: [null], c: '2001-09-09T01:46:40.000Z', d: { e: 1 } };
      same([message?.content, message?.item], [kept, kept]);
    },
    'however they are read': async ({ store, id }) => {
      await store.create(id);
      const { mark } = await store.read(id);
      const content = { z: [], a: {}, n: [-0, 6.86e-21], t: '\ud800\u0000' };
      await change(store, id, { append: [{ role: 'tool', content, item: content }] });
      const { messages } = await store.read(id);
      sameMessages((await store.read(id, { last: 1 })).messages, messages);
      sameMessages((await store.read(id, { role: 'tool' })).messages, messages);
      sameMessages((await store.read(id, { since: known(mark, 'the mark') })).messages, messages);
      same(messages[0]?.content, content);
    },
    'what the caller changes later': async ({ store, id }) => {
      const content = { text: 'given' };
      const committed = change(store, id, { append: [{ role: 'user', content, item: content }] });
      content.text = 'changed at once';
      await committed;
      content.text = 'changed after';
      const [message] = (await store.read(id)).messages;
      same([message?.content, message?.item], [{ text: 'given' }, { text: 'given' }]);
      if (message?.item) message.item['text'] = 'changed in the answer';
      same((await store.read(id)).messages[0]?.item, { text: 'given' });
    },
  }),
];

/** Commits messages, reads them, and holds what was given against what came back. */
async function comesBack({ store, id }: CaseContext, given: readonly NewMessage[]): Promise<void> {
  await change(store, id, { append: given });
  const { messages } = await store.read(id);
  given.forEach((message, index) => {
    for (const [field, value] of Object.entries(message)) {
      same(Reflect.get(messages[index] ?? {}, field), value, `${field} of message ${index}`);
    }
  });
  same(messages.length, given.length, 'the number of messages');
}

function asContentAndInItem(value: unknown): NewMessage[] {
  return [
    { role: 'user', content: value },
    { role: 'assistant', item: { type: 'x', content: value } },
    { role: 'assistant', content: '', item: { value, list: [value], object: { value } } },
  ];
}

function item(value: object): NewMessage {
  return { role: 'assistant', item: value };
}

/** Assigned in a literal, `__proto__` would be no member. */
function ownMember(key: string, value: unknown): object {
  return Object.defineProperty({ before: 1 }, key, { value, enumerable: true });
}

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  return times(depth, (level) => level).reduce<unknown>(wrap, 'core');
}

/** Doubles with all their digits, the same in each run. */
function embedding(length: number): number[] {
  let state = 42;
  return times(length, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.sin(state) / 7;
  });
}
