import { newOperationId } from '@agent-sessions/session-core';

import { promise, type Case } from '../case.ts';
import { refused } from '../refused.ts';
import { same } from '../same.ts';
import { append, isThere, listed, markOf, said, unchanged } from '../session.ts';

const sentence = 'Bad input is refused before anything is written, and the error names the field.';

type Method = 'create' | 'commit' | 'read' | 'metadata' | 'state' | 'delete';

/** Something that is not to be accepted, and the field that is at fault. */
interface BadCall {
  readonly method: Method;
  /** What stands after the session id; a commit has an operation id unless it names one. */
  readonly argument?: object | undefined;
  /** @defaultValue a good one */
  readonly sessionId?: unknown;
  readonly field: string;
  /** @defaultValue `invalid_argument` */
  readonly code?: string | undefined;
}

const notNames = ['', 'x'.repeat(513), 'x'.repeat(10_000), '\ud800', 'a\udc00', 42, null];
const notWhole = [Number.NaN, 0.5, Number.POSITIVE_INFINITY, 2 ** 53, '5', null];
const methods: readonly Method[] = ['create', 'commit', 'read', 'metadata', 'delete'];

function commits(field: string, ...commit: object[]): BadCall[] {
  return commit.map((argument) => ({ method: 'commit', argument, field }));
}

function appends(field: string, ...messages: unknown[]): BadCall[] {
  return commits(field, ...messages.map((message) => ({ append: [said('good'), message] })));
}

function reads(field: string, ...queries: object[]): BadCall[] {
  return queries.map((argument) => ({ method: 'read', argument, field }));
}

function unstorable(place: string, content: unknown): BadCall[] {
  const code = 'unstorable_value';
  return ['content', 'item.content'].map((member) => ({
    method: 'commit',
    argument: {
      append: [member === 'content' ? said(content) : { role: 'user', item: { content } }],
    },
    field: `append[0].${member}${place}`,
    code,
  }));
}

const cyclic: { self: { back?: object } } = { self: {} };
cyclic.self.back = cyclic;

const badCalls: Readonly<Record<string, readonly BadCall[]>> = {
  ...Object.fromEntries(
    methods.flatMap((method): [string, readonly BadCall[]][] => [
      [
        `a session id that cannot be one, in ${method}`,
        notNames.map((sessionId) => ({ method, sessionId, field: 'sessionId' })),
      ],
      [
        `a user id that cannot be one, in ${method}`,
        notNames.map((userId) => ({ method, argument: { userId }, field: 'userId' })),
      ],
    ]),
  ),
  'an operation id that cannot be one': [
    ...commits('operationId', ...notNames.map((operationId) => ({ operationId, append: [] }))),
    ...commits('operationId', { operationId: undefined, append: [] }),
  ],
  'a limit that is not a whole number': reads('last', ...notWhole.map((last) => ({ last }))),
  'a number to drop that cannot be one': commits(
    'drop',
    ...[...notWhole, -1, 'none'].map((drop) => ({ drop })),
  ),
  'a TTL that cannot be one': [...notWhole, 0, -1].flatMap((ttlMs): BadCall[] => [
    { method: 'create', argument: { ttlMs }, field: 'ttlMs' },
    { method: 'commit', argument: { append: [], ttlMs }, field: 'ttlMs' },
  ]),
  'a role that is none': [
    ...appends(
      'append[1].role',
      { role: 'robot', content: '' },
      { role: 'User', content: '' },
      { role: '', content: '' },
      { content: 'without a role' },
    ),
    ...reads('role', { role: 'robot' }, { role: 'user" || "1"=="1' }, { role: '' }, { role: 1 }),
  ],
  'an agent that cannot be one': [
    ...commits('agent', { append: [], agent: '' }, { append: [], agent: 'x'.repeat(513) }),
    ...appends('append[1].agent', { ...said(''), agent: '' }, { ...said(''), agent: 1 }),
  ],
  'a message id that cannot be one': appends(
    'append[1].id',
    { ...said(''), id: '' },
    { ...said(''), id: '\ud800' },
    { ...said(''), id: 7 },
  ),
  'a token count that cannot be one': appends(
    'append[1].tokens',
    ...[-1, 0.5, Number.NaN, 2 ** 53, '5'].map((tokens) => ({ ...said(''), tokens })),
  ),
  'a time that cannot be one': appends(
    'append[1].timestampMs',
    ...[0.5, Number.NaN, Number.POSITIVE_INFINITY, 'now', new Date(0)].map((timestampMs) => ({
      ...said(''),
      timestampMs,
    })),
  ),
  'what is no list of messages': [
    ...commits('append', { append: 'text' }, { append: { length: 1 } }, { append: said('one') }),
    ...appends('append[1]', null, undefined, 'text', 1),
  ],
  'a message that says nothing': appends('append[1].content', { role: 'user' }),
  'an item that is no object': [
    ...appends('append[1].item', { role: 'user', item: 'text' }, { role: 'user', item: null }),
    ...appends('append[1].item', { role: 'user', item: [] }).map((call) => ({
      ...call,
      code: 'unstorable_value',
    })),
  ],
  'what JSON cannot carry': [
    ...unstorable('', Number.NaN),
    ...unstorable('.a[1]', { a: [0, Number.NEGATIVE_INFINITY] }),
    ...unstorable('.big', { big: 1n }),
    ...unstorable('.run', { run: () => {} }),
    ...unstorable('.symbol', { symbol: Symbol('s') }),
    ...unstorable('.bytes', { bytes: new Uint8Array(2) }),
    ...unstorable('.map', { map: new Map() }),
    ...unstorable('.self.back', cyclic),
  ],
  'an intent that JSON cannot carry': commits('intent', { append: [], intent: { a: 1n } }).map(
    (call) => ({ ...call, field: 'intent.a', code: 'unstorable_value' }),
  ),
  'what is no mark': [
    ...reads('since', { since: {} }, { since: { epoch: 'e', generation: 0.5, length: 0 } }),
    ...commits('expect', { expect: 'mark' }, { expect: {} }, { expect: { epoch: 1 } }),
    ...commits('expect', { expect: { epoch: 'e', generation: 0, length: -1, lastId: null } }),
  ],
};

const ofHistory = [
  ...promise(
    sentence,
    Object.fromEntries(Object.entries(badCalls).map(([name, calls]) => [name, refusing(calls)])),
  ),
  ...promise(sentence, {
    'a mark together with a limit or a role': async ({ store, id }) => {
      await append(store, id, 'hello');
      const since = await markOf(store, id);
      await refused('invalid_argument', () => store.read(id, { since, last: 1 }), 'since');
      await refused('invalid_argument', () => store.read(id, { since, role: 'user' }), 'since');
    },
    'a user id that cannot be one, in list': async ({ store }) => {
      for (const userId of notNames) {
        const access: object = { userId };
        await refused('invalid_argument', () => listed(store, access), 'userId');
      }
    },
    'an index that is not a whole number': async ({ store, id }) => {
      await append(store, id, 'hello');
      for (const before of notWhole) {
        const query: object = { before };
        await refused('invalid_argument', () => store.read(id, query), 'before');
      }
      await refused(
        'invalid_argument',
        () => store.read(id, { before: 1, role: 'user' }),
        'before',
      );
      const since = await markOf(store, id);
      await refused('invalid_argument', () => store.read(id, { before: 1, since }), 'since');
    },
    'one bad message among good ones': async ({ store, id }) => {
      await append(store, id, 'before');
      const messages = Array.from({ length: 20 }, (_, index) => said(index === 10 ? 1n : index));
      await unchanged(store, id, async () => {
        const commit = { operationId: newOperationId(), drop: 1, append: messages, agent: 'a' };
        await refused('unstorable_value', () => store.commit(id, commit), 'append[10].content');
      });
    },
  }),
];

const notStateNames = [
  '',
  '1a',
  '_a',
  'a-b',
  'a.b',
  'a b',
  '$',
  'é',
  'a\n',
  'n'.repeat(65),
  '__proto__',
];
const notRevisions = [Number.NaN, 0.5, -1, '1', true, [], {}];

function named(name: string, value: unknown): object {
  return Object.defineProperty({}, name, { value, enumerable: true });
}

const badValueCalls: Readonly<Record<string, readonly BadCall[]>> = {
  'a name of a value that cannot be one': notStateNames.flatMap((name) => [
    ...commits(`state[${JSON.stringify(name.slice(0, 64))}]`, { state: named(name, 1) }),
    ...commits(`expectState[${JSON.stringify(name.slice(0, 64))}]`, {
      expectState: named(name, null),
    }),
    { method: 'state', argument: { names: ['title', name] }, field: 'names[1]' },
  ]),
  'what are no names, no values and no revisions': [
    ...['title', {}, null, { length: 1 }].map((names): BadCall => ({
      method: 'state',
      argument: { names },
      field: 'names',
    })),
    { method: 'state', argument: { names: [1] }, field: 'names[0]' },
    ...commits('state', ...['title', 1, null, true, ['a']].map((state) => ({ state }))),
    ...commits('expectState', ...['title', 1, null, ['a']].map((expectState) => ({ expectState }))),
    ...commits(
      'expectState["title"]',
      ...notRevisions.map((title) => ({ state: { title: 1 }, expectState: { title } })),
    ),
  ],
  'a value that JSON cannot carry': [
    ...commits('state.title', { state: { title: 1n } }, { state: { title: Number.NaN } }),
    ...commits('state.title.a[1]', { state: { other: 1, title: { a: [1, () => {}] } } }),
    ...commits('state.title.self.back', { append: [said('hello')], state: { title: cyclic } }),
  ].map((call) => ({ ...call, code: 'unstorable_value' })),
  'usage that cannot be': [
    ...commits('usage', { usage: 1 }, { usage: 'much' }, { usage: null }, { usage: [] }),
    ...commits(
      'usage.inputTokens',
      ...[...notWhole, -1].map((inputTokens) => ({ usage: { requests: 1, inputTokens } })),
    ),
  ],
  'a claim that cannot be': [
    ...commits('claim', { claim: true }, { claim: 'ada', userId: 'ada' }, { claim: 1 }),
    ...commits('userId', { claim: true, userId: '' }),
  ],
  'a user who asks for values and cannot be one': notNames.map((userId) => ({
    method: 'state',
    argument: { userId },
    field: 'userId',
  })),
};

const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What is not to be asked for in pages, and the field at fault. */
const badPages: Readonly<Record<string, readonly (readonly [unknown, string])[]>> = {
  'no user': [
    ...[undefined, null, 'ada', 1].map((query) => [query, 'query'] as const),
    ...[{}, ...notNames.map((userId) => ({ userId }))].map((query) => [query, 'userId'] as const),
  ],
  'a limit that cannot be one': [...notWhole, 0, -1, 1001].map((limit) => [
    { userId: 'ada', limit },
    'limit',
  ]),
  'names that cannot be': [
    ...['title', {}, null].map((state) => [{ userId: 'ada', state }, 'state'] as const),
    ...notStateNames.map((name) => [{ userId: 'ada', state: [name] }, 'state[0]'] as const),
  ],
  'a cursor that no page has answered': [
    ...['', 'x', '1', 'bnVsbA', '=', null, 1, {}, [], 'session-1', '\u0000'],
    ...[null, 1, 'a', {}, [], [1], ['a'], [1, 2], ['1', 'a'], [1, ''], [1, 'a', 2]].map(cursorOf),
    ...[
      [0.5, 'a'],
      [1e300, 'a'],
      [null, 'a'],
      [1, 'x'.repeat(513)],
      [1, '\ud800'],
    ].map(cursorOf),
    `${cursorOf([1, 'a'])}=`,
    ` ${cursorOf([1, 'a'])}`,
    `${cursorOf([1, 'a'])}AAAA`,
    Buffer.from(' [1,"a"]').toString('base64url'),
    Buffer.from('[1.0,"a"]').toString('base64url'),
  ].map((after) => [{ userId: 'ada', after }, 'after']),
};

const ofValues = promise(
  sentence,
  Object.fromEntries(Object.entries(badValueCalls).map(([name, calls]) => [name, refusing(calls)])),
  'state',
);

const ofPages = promise(
  sentence,
  Object.fromEntries(
    Object.entries(badPages).map(([name, queries]): [string, Case['run']] => [
      `a page: ${name}`,
      async ({ store, id }) => {
        await store.create(id, { userId: 'ada' });
        for (const [query, field] of queries) {
          const call = async (): Promise<unknown> => Reflect.apply(store.sessions, store, [query]);
          await refused('invalid_argument', call, field);
        }
      },
    ]),
  ),
  'sessions',
);

export const badInputCases = [...ofHistory, ...ofValues, ...ofPages];

/** Each call is refused, leaves a session that exists as it is, and creates none. */
function refusing(calls: readonly BadCall[]): Case['run'] {
  return async ({ store, id }) => {
    await append(store, id, 'hello', 'world');
    const call = ({ method, argument, ...bad }: BadCall, sessionId: string) => {
      const before = 'sessionId' in bad ? bad.sessionId : sessionId;
      const operationId = newOperationId();
      const after = method === 'commit' ? { operationId, append: [], ...argument } : argument;
      // Past the types: callers in JavaScript have none.
      const answer: unknown = Reflect.apply(store[method], store, [before, after]);
      return Promise.resolve(answer);
    };
    await unchanged(store, id, async () => {
      for (const bad of calls) {
        const { code = 'invalid_argument', field } = bad;
        await refused(code, () => call(bad, id), field);
        await refused(code, () => call(bad, 'session-2'), field);
      }
    });
    same(await isThere(store, 'session-2'), false, 'whether a session was made');
  };
}
