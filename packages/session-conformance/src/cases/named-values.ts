import assert from 'node:assert/strict';

import type { JsonValue, SessionStore } from '@agent-sessions/session-core';

import { promise, type CaseContext } from '../case.ts';
import { refused, settled } from '../refused.ts';
import { same } from '../same.ts';
import {
  append,
  change,
  createdWith,
  history,
  isThere,
  known,
  markOf,
  said,
  several,
  times,
  together,
  unchanged,
  valuesOf,
} from '../session.ts';
import { hardValues } from './content.ts';

/** Names that a path, an object or a counter may take for something of its own. */
const names = [
  ...['a', 'A', 'z', 'title', 'Title', 'constructor', 'toString', 'hasOwnProperty', 'length'],
  ...['value', 'revision', 'state', 'messages', 'metadata', 'x_1', 'x__1', 'a1', 'n'.repeat(64)],
];

/** The revision that a value has; `null` where there is none. */
async function revisionOf(store: SessionStore, id: string, name: string): Promise<number | null> {
  return (await store.state(id, { names: [name] }))[name]?.revision ?? null;
}

async function comesBack({ store, id }: CaseContext, values: readonly unknown[]): Promise<void> {
  await store.create(id);
  const given = Object.fromEntries(values.map((value, index) => [`v${index}`, value]));
  await change(store, id, { state: given });
  const found = await valuesOf(store, id);
  for (const [name, value] of Object.entries(given)) same(found[name] ?? null, value, name);
  same(Object.keys(found).length, values.filter((value) => value !== null).length);
}

const setting = promise(
  'A value is set whole, and comes back deep-equal to what was given, key order included.',
  {
    ...Object.fromEntries(
      Object.entries(hardValues).map(([name, values]) => [
        name,
        (context: CaseContext) => comesBack(context, values),
      ]),
    ),
    'inside of lists and objects': (context) =>
      comesBack(
        context,
        Object.values(hardValues)
          .flat()
          .map((value) => ({ value, list: [value] })),
      ),
    'over an object with other members': async ({ store, id }) => {
      await createdWith(store, id, { note: { a: { x: 1 }, b: 2 } });
      await change(store, id, { state: { note: { a: { y: null, z: 2 } } } });
      same(await valuesOf(store, id), { note: { a: { y: null, z: 2 } } });
    },
    'over a value of another type': async ({ store, id }) => {
      await store.create(id);
      for (const value of [{ a: 1 }, [1, 2, 3], 'text', 0, false, [[]], {}, true, '']) {
        await change(store, id, { state: { note: value } });
        same(await valuesOf(store, id), { note: value });
      }
    },
    'under every name': async ({ store, id }) => {
      await store.create(id);
      const state = Object.fromEntries(names.map((name) => [name, `the value of ${name}`]));
      await change(store, id, { state });
      const found = await valuesOf(store, id);
      for (const name of names) same(found[name], `the value of ${name}`);
      same(Object.keys(found).length, names.length);
    },
    'with the commit that makes the session': async ({ store, id }) => {
      await change(store, id, { append: [said('hello')], state: { title: 'first' } });
      same([await valuesOf(store, id), await history(store, id)], [{ title: 'first' }, ['hello']]);
    },
    'a long one': async ({ store, id }) => {
      const value = times(2000, (index) => ({ index, text: 'x'.repeat(200) }));
      await createdWith(store, id, { long: value });
      same(await valuesOf(store, id), { long: value });
    },
    'what the caller changes later': async ({ store, id }) => {
      await store.create(id);
      const given = { text: 'given' };
      const committed = change(store, id, { state: { given } });
      given.text = 'changed at once';
      await committed;
      const { given: found } = await store.state(id);
      same(found?.value, { text: 'given' });
      if (isObject(found?.value)) found.value['text'] = 'changed in the answer';
      same(await valuesOf(store, id), { given: { text: 'given' } });
    },
  },
  'state',
);

const removing = promise(
  'A value of `null` is removed, and values that are not named stay.',
  {
    'one of several': async ({ store, id }) => {
      await createdWith(store, id, { a: 1, b: 2, c: 3 });
      await change(store, id, { state: { b: null } });
      same(await valuesOf(store, id), { a: 1, c: 3 });
      await change(store, id, { state: { a: null, d: 4 } });
      same(await valuesOf(store, id), { c: 3, d: 4 });
    },
    'one that is not there': async ({ store, id }) => {
      await createdWith(store, id, { a: 1 });
      await change(store, id, { state: { b: null, constructor: null } });
      same(await valuesOf(store, id), { a: 1 });
    },
    'all of them': async ({ store, id }) => {
      await createdWith(store, id, { a: 1, b: 2 });
      await change(store, id, { state: { a: null, b: null } });
      same(await store.state(id), {});
    },
    'and set again': async ({ store, id }) => {
      await createdWith(store, id, { a: { old: 1 } });
      await change(store, id, { state: { a: null } });
      same(await revisionOf(store, id, 'a'), null);
      await change(store, id, { state: { a: { young: 2 } } });
      same(await valuesOf(store, id), { a: { young: 2 } });
    },
    'what is undefined is not named': async ({ store, id }) => {
      await createdWith(store, id, { a: 1 });
      await change(store, id, { state: { a: undefined, b: 2 } });
      same(await valuesOf(store, id), { a: 1, b: 2 });
    },
    'others keep their revisions': async ({ store, id }) => {
      await createdWith(store, id, { a: 1, b: 2 });
      const before = await revisionOf(store, id, 'a');
      await change(store, id, { state: { b: 3 } });
      await append(store, id, 'hello');
      same(await revisionOf(store, id, 'a'), before);
    },
  },
  'state',
);

const comparing = promise(
  'A revision in `expectState` that a value does not have is a `conflict` and nothing changes.',
  {
    'one that was set since': async ({ store, id }) => {
      await change(store, id, { append: [said('hello')], state: { a: 1 } });
      const a = await revisionOf(store, id, 'a');
      await change(store, id, { state: { a: 2 }, expectState: { a } });
      await unchanged(store, id, async () => {
        for (const commit of [
          { state: { a: 3 } },
          { state: { b: 1 } },
          { state: { a: null } },
          { append: [said('world')], usage: { requests: 1 } },
          { drop: 1, agent: 'helper' },
        ]) {
          const expecting = { ...commit, expectState: { a } };
          await refused('conflict', () => change(store, id, expecting), 'expectState.a');
        }
      });
    },
    'one that was set to the same': async ({ store, id }) => {
      await createdWith(store, id, { a: 1 });
      const a = await revisionOf(store, id, 'a');
      await change(store, id, { state: { a: 1 } });
      await refused('conflict', () => change(store, id, { state: { a: 2 }, expectState: { a } }));
      same(await valuesOf(store, id), { a: 1 });
    },
    'one that was removed, and set again': async ({ store, id }) => {
      await createdWith(store, id, { a: 1 });
      const a = await revisionOf(store, id, 'a');
      await change(store, id, { state: { a: null } });
      await refused('conflict', () => change(store, id, { state: { a: 2 }, expectState: { a } }));
      await change(store, id, { state: { a: 1 } });
      await refused('conflict', () => change(store, id, { state: { a: 2 }, expectState: { a } }));
      same(await valuesOf(store, id), { a: 1 });
    },
    'a value where none should be': async ({ store, id }) => {
      await createdWith(store, id, { a: 1, constructor: 2 });
      await unchanged(store, id, async () => {
        for (const name of ['a', 'constructor']) {
          const commit = { state: { [name]: 3 }, expectState: { [name]: null } };
          await refused('conflict', () => change(store, id, commit));
        }
      });
    },
    'no value where one should be': async ({ store, id }) => {
      const { revision } = await createdWith(store, id, { a: 1 });
      await unchanged(store, id, async () => {
        for (const name of ['b', 'constructor', 'toString']) {
          for (const expected of [0, 1, known(revision, 'the revision')]) {
            const commit = { state: { [name]: 3 }, expectState: { [name]: expected } };
            await refused('conflict', () => change(store, id, commit));
          }
        }
      });
    },
    'one of several': async ({ store, id }) => {
      await createdWith(store, id, { a: 1 });
      await change(store, id, { state: { b: 1 } });
      const [a, b] = [await revisionOf(store, id, 'a'), await revisionOf(store, id, 'b')];
      await unchanged(store, id, async () => {
        for (const expectState of [
          { a, b: null },
          { a: b, b },
          { a: null, b },
          { a, b, c: 1 },
        ]) {
          await refused('conflict', () => change(store, id, { state: { a: 2 }, expectState }));
        }
      });
      await change(store, id, { state: { a: 2 }, expectState: { a, b, c: null } });
      same(await valuesOf(store, id), { a: 2, b: 1 });
    },
    'of a session that is not there': async ({ store, id }) => {
      const commit = { append: [said('hello')], state: { a: 1 } };
      await refused('conflict', () => change(store, id, { ...commit, expectState: { a: 1 } }));
      same(await isThere(store, id), false, 'whether it is there');
      await change(store, id, { ...commit, expectState: { a: null } });
      same(await valuesOf(store, id), { a: 1 });
    },
    'a repeated one is not compared': async ({ store, id }) => {
      await store.create(id);
      const commit = { operationId: 'once', state: { a: 1 }, expectState: { a: null } };
      await store.commit(id, commit);
      same((await store.commit(id, commit)).repeated, true);
    },
    'of 20 at the same time one is made': async ({ store, id }) => {
      await store.create(id);
      const taking = times(20, (index) =>
        change(store, id, { state: { taken: index }, expectState: { taken: null } }),
      );
      const { answers, codes } = await settled(taking);
      same([answers.length, ...new Set(codes)], [1, 'conflict']);
    },
    'a title that was made up does not take the place of one that was given': async ({
      store,
      id,
    }) => {
      const given = (session: string) => change(store, session, { state: { title: 'given' } });
      const madeUp = async (session: string) => {
        const commit = { state: { title: 'made up' }, expectState: { title: null } };
        await settled([change(store, session, commit)]);
      };
      for (const [index, order] of [
        [given, madeUp],
        [madeUp, given],
        [given, madeUp, madeUp],
        [madeUp, given, madeUp],
      ].entries()) {
        const session = `${id} ${index}`;
        await store.create(session);
        for (const set of order) await set(session);
        same(await valuesOf(store, session), { title: 'given' });
      }
      await store.create(id);
      await Promise.all([madeUp(id), given(id), madeUp(id)]);
      same(await valuesOf(store, id), { title: 'given' });
    },
  },
  'state',
);

const counting = promise(
  'A revision in `expectState` that a value does not have is a `conflict` and nothing changes.',
  {
    '50 writers count on several stores, and none is lost': async (context) => {
      const { store, id } = context;
      const stores = await several(context, 5);
      await store.create(id);
      await together(stores, 50, (each) => countOn(each, id));
      same(await valuesOf(store, id), { count: 50 });
    },
  },
  ['state', 'sharedWriters'],
);

/** Adds one to a value, by compare-and-set. */
async function countOn(store: SessionStore, id: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const { count } = await store.state(id, { names: ['count'] });
    const next = typeof count?.value === 'number' ? count.value + 1 : 1;
    const commit = { state: { count: next }, expectState: { count: count?.revision ?? null } };
    const { answers, codes } = await settled([change(store, id, commit)]);
    if (answers.length > 0) return;
    same(codes, ['conflict']);
  }
  assert.fail('after 1,000 tries no value was the one that had just been read');
}

const whole = promise(
  'Values and messages of one commit are there together or not at all.',
  {
    'both are there': async ({ store, id }) => {
      const commit = { append: [said('hello')], state: { a: 1 }, usage: { requests: 2 } };
      await change(store, id, commit);
      same([await valuesOf(store, id), await history(store, id)], [{ a: 1 }, ['hello']]);
      await change(store, id, { drop: 1, state: { a: 2 } });
      same([await valuesOf(store, id), await history(store, id)], [{ a: 2 }, []]);
    },
    'neither, where history has moved on': async ({ store, id }) => {
      await change(store, id, { append: [said('one')], state: { a: 1 } });
      const stale = await markOf(store, id);
      await append(store, id, 'two');
      const beside = { state: { a: 2, b: 3 }, usage: { requests: 1 } };
      await unchanged(store, id, async () => {
        for (const commit of [{ append: [said('three')] }, { drop: 1 }, {}]) {
          const expecting = { ...commit, ...beside, expect: stale };
          await refused('conflict', () => change(store, id, expecting));
        }
        await refused('conflict', () => change(store, id, { ...beside, expect: null }));
      });
    },
    'neither, where one of them cannot be kept': async ({ store, id }) => {
      await change(store, id, { append: [said('one')], state: { a: 1 } });
      await unchanged(store, id, async () => {
        const worse = { append: [said('two')], state: { a: 2, b: { c: 1n } } };
        await refused('unstorable_value', () => change(store, id, worse), 'state.b.c');
      });
    },
    'whoever reads meanwhile': async ({ store, id }) => {
      await change(store, id, { append: [said(0)], state: { last: 0 } });
      for (const index of times(10, (each) => each + 1)) {
        const writing = change(store, id, { append: [said(index)], state: { last: index } });
        // Read first, so that the messages are at least as new.
        const { last } = await valuesOf(store, id);
        const newest = (await history(store, id)).at(-1);
        same(Number(last) <= Number(newest), true, 'whether the message of the value is there');
        await writing;
      }
    },
  },
  'state',
);

const repeating = promise(
  'Repeating an operation id sets no value again, and adds no usage again.',
  {
    'though it was set to something else since': async ({ store, id }) => {
      await store.create(id);
      const commit = { operationId: 'once', state: { a: 1 }, usage: { requests: 1 } };
      await store.commit(id, commit);
      await change(store, id, { state: { a: 2 } });
      await unchanged(store, id, async () => {
        same((await store.commit(id, commit)).repeated, true);
      });
    },
    'with messages': async ({ store, id }) => {
      const commit = { operationId: 'once', append: [said('one')], state: { a: 1 } };
      const first = await store.commit(id, commit);
      await change(store, id, { append: [said('two')], state: { a: 2 } });
      const again = await store.commit(id, commit);
      same([again.repeated, again.revision], [true, first.revision]);
      same(await valuesOf(store, id), { a: 2 });
    },
    'many times at the same time': async ({ store, id }) => {
      await store.create(id);
      const commit = { operationId: 'once', state: { a: 1 }, usage: { requests: 1 } };
      const answers = await together([store], 20, (each) => each.commit(id, commit));
      same(answers.filter(({ repeated }) => !repeated).length, 1, 'how often it was done');
      same((await store.metadata(id))?.usage.requests, 1);
    },
  },
  'state',
);

const reusing = promise(
  'Repeating an operation id with other content is `operation_reused` and changes nothing.',
  {
    'with other values and usage': async ({ store, id }) => {
      await store.create(id);
      const commit = { operationId: 'once', state: { a: { b: [1] } }, usage: { requests: 1 } };
      await store.commit(id, commit);
      await unchanged(store, id, async () => {
        for (const other of [
          { state: { a: { b: [2] } } },
          { state: { a: null } },
          { state: { a: { b: [1] }, c: 1 } },
          { state: { b: { b: [1] } } },
          { state: undefined },
          { usage: { requests: 2 } },
          { usage: { inputTokens: 1 } },
          { usage: undefined },
        ]) {
          await refused('operation_reused', () => store.commit(id, { ...commit, ...other }));
        }
      });
    },
  },
  'state',
);

const refusing = promise(
  'An operation id that was refused was not used.',
  {
    'because of the revision of a value': async ({ store, id }) => {
      await createdWith(store, id, { a: 1 });
      const commit = { operationId: 'once', state: { a: 2 } };
      await refused('conflict', () => store.commit(id, { ...commit, expectState: { a: null } }));
      same((await store.commit(id, commit)).repeated, false);
      same(await valuesOf(store, id), { a: 2 });
    },
  },
  'state',
);

const answering = promise(
  'The answer has the revision that the values set by the commit have.',
  {
    'alone and with messages': async ({ store, id }) => {
      for (const commit of [
        { append: [said('zero')], state: { a: 1 } },
        { state: { a: 2, b: 1 } },
        { append: [said('one')], state: { a: 3 } },
        { drop: 1, state: { b: 2 } },
      ]) {
        const { revision } = await change(store, id, commit);
        for (const name of Object.keys(commit.state)) {
          same(await revisionOf(store, id, name), revision, name);
        }
      }
    },
    'which is to be expected by the next': async ({ store, id }) => {
      let { revision: a } = await createdWith(store, id, { a: 0 });
      for (const index of [1, 2, 3]) {
        await append(store, id, 'in between');
        ({ revision: a } = await change(store, id, { state: { a: index }, expectState: { a } }));
      }
      same(await valuesOf(store, id), { a: 3 });
    },
    'another with each commit': async ({ store, id }) => {
      await store.create(id);
      const commits = [
        { append: [said('one')] },
        { state: { a: 1 } },
        { state: { a: 1 } },
        { drop: 1 },
      ];
      const revisions: unknown[] = [];
      for (const commit of commits) revisions.push((await change(store, id, commit)).revision);
      same(new Set(revisions).size, commits.length, 'how many revisions');
    },
    'none where there is no session': async ({ store, id }) => {
      same((await change(store, id, { state: { a: 1 } })).revision, null);
    },
  },
  'state',
);

const reading = [
  ...promise(
    'With `names` only those values are read, and those that are not there are left out.',
    {
      'some, none and all': async ({ store, id }) => {
        await createdWith(store, id, { a: 1, b: 2, c: 3 });
        same(await valuesOf(store, id, ['a', 'c']), { a: 1, c: 3 });
        same(await valuesOf(store, id, []), {});
        same(await valuesOf(store, id, ['c', 'b', 'a']), { a: 1, b: 2, c: 3 });
      },
      'those that are not there': async ({ store, id }) => {
        await createdWith(store, id, { a: 1 });
        same(await valuesOf(store, id, ['x', 'a', 'constructor', 'toString']), { a: 1 });
        same(await valuesOf(store, id, ['x']), {});
      },
      'one that is named twice': async ({ store, id }) => {
        await createdWith(store, id, { a: 1, b: 2 });
        same(await valuesOf(store, id, ['a', 'a']), { a: 1 });
      },
    },
    'state',
  ),
  ...promise(
    'A session that does not exist has no values.',
    {
      'one that never was': async ({ store, id }) => {
        same(await store.state(id), {});
        same(await store.state(id, { names: ['a', 'constructor'], userId: 'ada' }), {});
        same(await store.state('__proto__'), {});
      },
      'one that was set values before it was there': async ({ store, id }) => {
        await change(store, id, { state: { a: 1 } });
        same(await store.state(id), {});
        await store.create(id);
        same(await store.state(id), {});
      },
      'one that was deleted': async ({ store, id }) => {
        await createdWith(store, id, { a: 1 });
        await store.delete(id);
        same(await store.state(id), {});
      },
      'one that has none': async ({ store, id }) => {
        await append(store, id, 'hello');
        same(await store.state(id), {});
      },
    },
    'state',
  ),
];

const staying = promise(
  'Dropping and adding messages leaves values and usage as they are.',
  {
    'all that can be done to messages': async ({ store, id }) => {
      const usage = { requests: 3, inputTokens: 2 };
      await change(store, id, { append: [said('one')], state: { title: 'a' } });
      await change(store, id, { usage });
      const values = await store.state(id);
      for (const commit of [
        { append: [said('two'), said('three')] },
        { drop: 1 },
        { drop: 1, append: [said('four')], agent: 'helper' },
        { drop: 'all' },
        { drop: 'all', append: [said('five')] },
      ] as const) {
        await change(store, id, commit);
        same(await store.state(id), values);
        same((await store.metadata(id))?.usage.requests, 3);
      }
    },
  },
  'state',
);

const deleting = promise(
  'A deleted session has no values and no usage, and is on no page.',
  {
    'no values and no usage': async ({ store, id }) => {
      const usage = { requests: 3, outputTokens: 2 };
      await createdWith(store, id, { title: 'a' });
      await change(store, id, { usage });
      await store.delete(id);
      await store.create(id);
      await change(store, id, { state: { other: 1 }, expectState: { title: null } });
      same(await valuesOf(store, id), { other: 1 });
      const after = known(await store.metadata(id), 'the metadata').usage;
      same([after.requests, after.outputTokens], [0, 0]);
    },
  },
  'state',
);

export const namedValueCases = [
  ...setting,
  ...removing,
  ...comparing,
  ...counting,
  ...whole,
  ...repeating,
  ...reusing,
  ...refusing,
  ...answering,
  ...staying,
  ...reading,
  ...deleting,
];

function isObject(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
