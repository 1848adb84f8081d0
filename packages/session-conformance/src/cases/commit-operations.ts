import type { Commit, CommitResult, SessionStore } from '@agent-sessions/session-core';

import { promise, type CaseContext } from '../case.ts';
import { refused, settled } from '../refused.ts';
import { same } from '../same.ts';
import {
  append,
  change,
  contents,
  history,
  markOf,
  said,
  sameMark,
  sameMessages,
  several,
  times,
  unchanged,
} from '../session.ts';

/** Repeats a commit and expects its first answer, and the session as it is. */
async function repeats(
  store: SessionStore,
  id: string,
  commit: Commit,
  first: CommitResult,
): Promise<void> {
  await unchanged(store, id, async () => {
    const again = await store.commit(id, commit);
    same(again.repeated, true, 'whether it was repeated');
    sameMark(again.mark, first.mark);
    sameMessages(again.dropped, first.dropped);
  });
}

/** Ids that a store may take for one another, or for a part of its own words. */
const operationIds = [
  ...['a', 'A', ' a', 'a ', 'a.b', 'a b', '$', '*', '"', "'", '\\', '[0]', '\u0000', '\n', '🙂'],
  ...['__proto__', 'constructor', 'toString', '0', '00', '1', 'x'.repeat(511), 'x'.repeat(512)],
];

const repeating = promise(
  'Repeating an operation id changes nothing and answers what it answered first.',
  {
    'an append': async ({ store, id }) => {
      await append(store, id, 'before');
      const commit = { operationId: 'once', append: [said('hello'), said('world')] };
      const first = await store.commit(id, commit);
      same(first.repeated, false, 'whether the first was repeated');
      await repeats(store, id, commit, first);
      await repeats(store, id, commit, first);
      same(await history(store, id), ['before', 'hello', 'world']);
    },
    'a pop, which answers the same message': async ({ store, id }) => {
      await append(store, id, 'one', 'two', 'three');
      const pop = { operationId: 'once', drop: 1, returnDropped: true };
      const first = await store.commit(id, pop);
      for (const _ of times(3, String)) await repeats(store, id, pop, first);
      same(await history(store, id), ['one', 'two']);
    },
    'a pop of what JSON carries badly': async ({ store, id }) => {
      const content = { z: [], a: {}, n: [-0, 6.86e-21], t: '\ud800\u0000 "\\' };
      await change(store, id, { append: [said(content)] });
      const pop = { operationId: 'once', drop: 1, returnDropped: true };
      const first = await store.commit(id, pop);
      await repeats(store, id, pop, first);
    },
    'a replacement': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      const commit = { operationId: 'once', drop: 1, append: [said('new')], agent: 'helper' };
      const first = await store.commit(id, commit);
      await repeats(store, id, commit, first);
    },
    'the commit that made the session': async ({ store, id }) => {
      const commit = { operationId: 'once', append: [said('hello')], expect: null, userId: 'ada' };
      const first = await store.commit(id, commit);
      await repeats(store, id, commit, first);
    },
    'a commit that changed nothing': async ({ store, id }) => {
      await store.create(id);
      const commit = { operationId: 'once', append: [] };
      const first = await store.commit(id, commit);
      await repeats(store, id, commit, first);
    },
    'after history has moved on': async ({ store, id }) => {
      await append(store, id, 'one');
      const expect = await markOf(store, id);
      const commit = { operationId: 'once', append: [said('two')], expect };
      const first = await store.commit(id, commit);
      await append(store, id, 'three');
      await repeats(store, id, commit, first);
      await change(store, id, { drop: 2, append: [said('other')] });
      await repeats(store, id, commit, first);
    },
    'after hundreds of other commits': async ({ store, id }) => {
      const pop = { operationId: 'once', drop: 1, returnDropped: true };
      await append(store, id, 'first');
      const first = await store.commit(id, pop);
      for (const batch of times(6, (index) => index)) {
        await Promise.all(times(50, (index) => append(store, id, `${batch}.${index}`)));
      }
      await repeats(store, id, pop, first);
    },
    'after all messages were dropped': async ({ store, id }) => {
      const commit = { operationId: 'once', append: [said('hello')] };
      const first = await store.commit(id, commit);
      await change(store, id, { drop: 'all' });
      await repeats(store, id, commit, first);
      same(await history(store, id), []);
    },
    'a large batch': async ({ store, id }) => {
      const commit = { operationId: 'once', append: times(300, said) };
      const first = await store.commit(id, commit);
      await repeats(store, id, commit, first);
    },
    'many times at the same time': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      const pop = { operationId: 'once', drop: 1, returnDropped: true };
      const answers = await Promise.all(times(20, () => store.commit(id, pop)));
      same(answers.filter((each) => !each.repeated).length, 1, 'how often it was done');
      for (const each of answers) same(contents(each.dropped), ['two']);
      same(await history(store, id), ['one']);
    },
    'ids that are alike name different operations': async ({ store, id }) => {
      for (const operationId of operationIds) {
        const commit = { operationId, append: [said(operationId)] };
        same((await store.commit(id, commit)).repeated, false, JSON.stringify(operationId));
      }
      for (const operationId of operationIds) {
        const commit = { operationId, append: [said(operationId)] };
        same((await store.commit(id, commit)).repeated, true, JSON.stringify(operationId));
      }
      same((await history(store, id)).length, operationIds.length);
    },
  },
);

const repeatingElsewhere = [
  ...promise(
    'Repeating an operation id changes nothing and answers what it answered first.',
    {
      'at the same time on several stores': async (context) => {
        const { id } = context;
        const stores = await several(context, 5);
        const commit = { operationId: 'once', append: [said('hello')] };
        const answers = await Promise.all(stores.map((store) => store.commit(id, commit)));
        same(answers.filter((each) => !each.repeated).length, 1, 'how often it was done');
        same(await history(context.store, id), ['hello']);
      },
    },
    'sharedWriters',
  ),
  ...promise(
    'Repeating an operation id changes nothing and answers what it answered first.',
    {
      'after the store was closed and opened again': async ({ store, id, open, close }) => {
        await append(store, id, 'one', 'two');
        const pop = { operationId: 'once', drop: 1, returnDropped: true };
        const first = await store.commit(id, pop);
        await close(store);
        await repeats(await open(), id, pop, first);
      },
    },
    'durable',
  ),
];

const forgotten = promise(
  'Repeating an operation of which it is forgotten what it dropped is `answer_forgotten` and changes nothing.',
  {
    'the last 8 that dropped something are known': async ({ store, id }) => {
      const pops = await popped(store, id, 30);
      for (const { commit, first } of pops.slice(-8)) await repeats(store, id, commit, first);
    },
    'those before them answer the same or that it is forgotten': async ({ store, id }) => {
      const pops = await popped(store, id, 30);
      await unchanged(store, id, async () => {
        for (const { commit, first } of pops) {
          const { answers, codes } = await settled([store.commit(id, commit)]);
          if (codes.length > 0) same(codes, ['answer_forgotten']);
          for (const again of answers) {
            same(again.repeated, true, 'whether it was repeated');
            sameMessages(again.dropped, first.dropped);
          }
        }
      });
    },
    'what did not answer what it dropped is known': async ({ store, id }) => {
      const commits = times(12, (index) => ({ operationId: `o${index}`, drop: 1 }));
      await append(store, id, ...times(12, String));
      for (const commit of commits) await store.commit(id, commit);
      await popped(store, id, 12);
      for (const commit of commits) same((await store.commit(id, commit)).repeated, true);
    },
  },
);

/** Adds so many messages and pops them, one after the other. */
async function popped(store: SessionStore, id: string, count: number) {
  await append(store, id, ...times(count, (index) => `popped ${index}`));
  const pops: { commit: Commit; first: CommitResult }[] = [];
  for (const index of times(count, (each) => each)) {
    const commit = { operationId: `pop ${index}`, drop: 1, returnDropped: true };
    pops.push({ commit, first: await store.commit(id, commit) });
  }
  return pops;
}

/** A commit, and others that differ from it in one thing each. */
const hello = { ...said('hello'), tokens: 3, agent: 'a' };
const object = said({ a: [1, 2] });
const original = { operationId: 'once', drop: 1, append: [hello, object], agent: 'helper' };
const different: Readonly<Record<string, Partial<Commit>>> = {
  'another text': { append: [{ ...hello, content: 'Hello' }, object] },
  'another role': { append: [{ ...hello, role: 'assistant' }, object] },
  'another token count': { append: [{ ...hello, tokens: 4 }, object] },
  'another agent of a message': { append: [{ ...hello, agent: 'b' }, object] },
  'another value deep inside': { append: [hello, said({ a: [1, 3] })] },
  'another order of values': { append: [hello, said({ a: [2, 1] })] },
  'another order of messages': { append: [object, hello] },
  'one message more': { append: [hello, object, said('more')] },
  'one message less': { append: [hello] },
  'no messages': { append: [] },
  'nothing to append': { append: undefined },
  'an item': { append: [{ ...hello, item: { type: 'x' } }, object] },
  'another number to drop': { drop: 2 },
  'nothing to drop': { drop: undefined },
  'all to drop': { drop: 'all' },
  'another agent': { agent: 'other' },
  'no agent': { agent: undefined },
};

async function committedOnce({ store, id }: CaseContext): Promise<CommitResult> {
  await append(store, id, 'one', 'two', 'three');
  return store.commit(id, original);
}

const reusing = promise(
  'Repeating an operation id with other content is `operation_reused` and changes nothing.',
  {
    ...Object.fromEntries(
      Object.entries(different).map(([name, difference]) => [
        `with ${name}`,
        async (context: CaseContext) => {
          const { store, id } = context;
          await committedOnce(context);
          const reuse = () => store.commit(id, { ...original, ...difference });
          await unchanged(store, id, () => refused('operation_reused', reuse));
        },
      ]),
    ),
    'after history has moved on': async (context) => {
      const { store, id } = context;
      await committedOnce(context);
      await change(store, id, { drop: 1 });
      await unchanged(store, id, () =>
        refused('operation_reused', () => store.commit(id, { ...original, drop: 2 })),
      );
    },
    'the first one is known still': async (context) => {
      const { store, id } = context;
      await committedOnce(context);
      await refused('operation_reused', () => store.commit(id, { ...original, drop: 2 }));
      same((await store.commit(id, original)).repeated, true);
    },
    'an append and then a pop': async ({ store, id }) => {
      await store.commit(id, { operationId: 'once', append: [said('hello')] });
      const pop = { operationId: 'once', drop: 1, returnDropped: true };
      await unchanged(store, id, () => refused('operation_reused', () => store.commit(id, pop)));
    },
  },
);

const intending = promise('With an `intent` that is what must be the same, and no other content.', {
  'other content, same intent': async ({ store, id }) => {
    await append(store, id, 'one', 'two');
    const intent = { replace: [1, { b: 2, a: 1 }] };
    const commit = { operationId: 'once', drop: 1, append: [said('new')], intent };
    await store.commit(id, commit);
    for (const other of [{ drop: 2 }, { append: [] }, { append: undefined }, { agent: 'a' }]) {
      const { repeated } = await store.commit(id, { ...commit, ...other });
      same(repeated, true, JSON.stringify(other));
    }
  },
  'same content, other intent': async ({ store, id }) => {
    const commit = { operationId: 'once', append: [said('one')] };
    await store.commit(id, { ...commit, intent: { a: [1, 2] } });
    await unchanged(store, id, async () => {
      const others = [{ a: [2, 1] }, { a: [1, '2'] }, { a: [1, 2], b: 0 }, [1, 2], 'a', 0, false];
      for (const intent of others) {
        await refused('operation_reused', () => store.commit(id, { ...commit, intent }));
      }
    });
  },
  'same content, an intent only once': async ({ store, id }) => {
    const commit = { operationId: 'once', append: [said('one')] };
    await store.commit(id, commit);
    await refused('operation_reused', () => store.commit(id, { ...commit, intent: 'other' }));
    const other = { operationId: 'twice', append: [said('two')] };
    await store.commit(id, { ...other, intent: 'other' });
    await refused('operation_reused', () => store.commit(id, other));
  },
  'intents that look like nothing': async ({ store, id }) => {
    const commit = { append: [said('one')] };
    for (const [index, intent] of [0, false, '', [], {}].entries()) {
      const operationId = `o${index}`;
      await store.commit(id, { ...commit, operationId, intent });
      const again = { operationId, append: [said('other')], intent };
      same((await store.commit(id, again)).repeated, true, JSON.stringify(intent));
      await refused('operation_reused', () => store.commit(id, { ...commit, operationId }));
    }
  },
});

const refusing = promise('An operation id that was refused was not used.', {
  'because of a conflict': async ({ store, id }) => {
    await append(store, id, 'one');
    const stale = await markOf(store, id);
    await append(store, id, 'two');
    const commit = { operationId: 'once', drop: 1, append: [said('three')] };
    await refused('conflict', () => store.commit(id, { ...commit, expect: stale }));
    const expect = await markOf(store, id);
    same((await store.commit(id, { ...commit, expect })).repeated, false);
    same((await history(store, id)).at(-1), 'three');
  },
  'because the session was expected to be new': async ({ store, id }) => {
    await append(store, id, 'one');
    const commit = { operationId: 'once', append: [said('two')] };
    await refused('conflict', () => store.commit(id, { ...commit, expect: null }));
    const other = { operationId: 'once', append: [said('with other content')] };
    same((await store.commit(id, other)).repeated, false);
  },
  'because the session was not there': async ({ store, id }) => {
    const expect = { epoch: 'of another session' };
    const commit = { operationId: 'once', append: [said('hello')] };
    await refused('session_not_found', () => store.commit(id, { ...commit, expect }));
    same((await store.commit(id, commit)).repeated, false);
    same(await history(store, id), ['hello']);
  },
  'because the session was another': async ({ store, id }) => {
    await store.create(id);
    const expect = { epoch: 'of another session' };
    const commit = { operationId: 'once', append: [said('hello')] };
    await refused('session_not_found', () => store.commit(id, { ...commit, expect }));
    same((await store.commit(id, commit)).repeated, false);
  },
  'because the user was another': async ({ store, id }) => {
    await store.create(id, { userId: 'ada' });
    const commit = { operationId: 'once', drop: 1 };
    await refused('session_not_found', () => store.commit(id, { ...commit, userId: 'bob' }));
    same((await store.commit(id, { ...commit, userId: 'ada' })).repeated, false);
  },
  'because of its content': async ({ store, id }) => {
    const bad = { operationId: 'once', append: [said(1n)] };
    await refused('unstorable_value', () => store.commit(id, bad));
    const commit = { operationId: 'once', append: [said('1')] };
    same((await store.commit(id, commit)).repeated, false);
  },
});

const forgetting = promise(
  'With `forgetOperations` earlier operation ids are new again, this one is remembered.',
  {
    'an earlier one is done again': async ({ store, id }) => {
      const commit = { operationId: 'once', append: [said('hello')] };
      await store.commit(id, commit);
      await change(store, id, { drop: 'all', forgetOperations: true });
      same((await store.commit(id, commit)).repeated, false);
      same(await history(store, id), ['hello']);
    },
    'an earlier one may name something else': async ({ store, id }) => {
      await store.commit(id, { operationId: 'once', append: [said('hello')] });
      await change(store, id, { drop: 1, forgetOperations: true });
      const other = { operationId: 'once', append: [said('other')] };
      same((await store.commit(id, other)).repeated, false);
    },
    'all of many': async ({ store, id }) => {
      const commits = times(120, (index) => ({ operationId: `o${index}`, append: [said(index)] }));
      await Promise.all(commits.map((commit) => store.commit(id, commit)));
      await change(store, id, { drop: 'all', forgetOperations: true });
      const again = await Promise.all(commits.map((commit) => store.commit(id, commit)));
      same(again.filter((each) => each.repeated).length, 0, 'how many were known still');
    },
    'this one is repeated': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      const commit = {
        operationId: 'once',
        drop: 'all',
        returnDropped: true,
        forgetOperations: true,
      } as const;
      await store.commit(id, commit);
      same((await store.commit(id, commit)).repeated, true);
      await append(store, id, 'three');
      same((await store.commit(id, commit)).repeated, true);
    },
    'the one that makes the session is repeated': async ({ store, id }) => {
      const commit = { operationId: 'once', append: [said('one')], forgetOperations: true };
      await store.commit(id, commit);
      same((await store.commit(id, commit)).repeated, true);
    },
    'those that come after are remembered': async ({ store, id }) => {
      await append(store, id, 'one');
      await change(store, id, { drop: 'all', forgetOperations: true });
      const commit = { operationId: 'once', append: [said('two')] };
      await store.commit(id, commit);
      same((await store.commit(id, commit)).repeated, true);
    },
    'a repeated one forgets nothing more': async ({ store, id }) => {
      const clear = { operationId: 'clear', drop: 1, forgetOperations: true };
      await append(store, id, 'one');
      await store.commit(id, clear);
      const commit = { operationId: 'once', append: [said('two')] };
      await store.commit(id, commit);
      await store.commit(id, clear);
      same((await store.commit(id, commit)).repeated, true);
    },
  },
);

const forgettingElsewhere = promise(
  'With `forgetOperations` earlier operation ids are new again, this one is remembered.',
  {
    'on every store': async ({ store, id, open }) => {
      const commit = { operationId: 'once', append: [said('one')] };
      await store.commit(id, commit);
      await change(await open(), id, { drop: 'all', forgetOperations: true });
      same((await store.commit(id, commit)).repeated, false);
    },
  },
  'sharedWriters',
);

export const commitOperationCases = [
  ...repeating,
  ...repeatingElsewhere,
  ...forgotten,
  ...reusing,
  ...intending,
  ...refusing,
  ...forgetting,
  ...forgettingElsewhere,
];
