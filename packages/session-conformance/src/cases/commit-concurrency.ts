import type { CommitResult, SessionStore } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, contents, history, markOf, several, times, together } from '../session.ts';

const sentence = 'Commits at the same time are all applied, one after the other.';

async function allAreAppended(stores: readonly SessionStore[], reader: SessionStore, id: string) {
  const results = await together(stores, 60, (store, index) => append(store, id, String(index)));
  same(
    (await history(reader, id)).map(String).toSorted(),
    times(60, String).toSorted(),
    'the messages',
  );
  same(
    lengths(results),
    times(60, (index) => index + 1),
    'the lengths in the marks',
  );
  same(new Set(results.map(({ mark }) => mark?.epoch)).size, 1, 'the number of epochs');
}

async function eachIsPoppedOnce(stores: readonly SessionStore[], writer: SessionStore, id: string) {
  const texts = times(20, String);
  await append(writer, id, ...texts);
  const pops = await together(stores, 50, (each) =>
    change(each, id, { drop: 1, returnDropped: true }),
  );
  const popped = pops.flatMap(({ dropped }) => contents(dropped)).map(String);
  same(popped.toSorted(), texts.toSorted(), 'what was popped');
}

async function growsAndShrinks(stores: readonly SessionStore[], reader: SessionStore, id: string) {
  const results = await together(stores, 60, (store, index) =>
    index % 3 === 2
      ? change(store, id, { drop: 1, returnDropped: true })
      : append(store, id, String(index)),
  );
  const dropped = results.flatMap((result) => contents(result.dropped));
  const kept = await history(reader, id);
  const added = times(60, String).filter((_, index) => index % 3 !== 2);
  same([...kept, ...dropped].map(String).toSorted(), added.toSorted(), 'kept and dropped');
  same((await markOf(reader, id)).length, kept.length, 'the length in the mark');
}

function lengths(results: readonly CommitResult[]): number[] {
  return results.map(({ mark }) => mark?.length ?? 0).toSorted((one, other) => one - other);
}

export const commitConcurrencyCases = [
  ...promise(sentence, {
    'appending to a new session': ({ store, id }) => allAreAppended([store], store, id),
    'popping more often than there are messages': ({ store, id }) =>
      eachIsPoppedOnce([store], store, id),
    'appending and popping': ({ store, id }) => growsAndShrinks([store], store, id),
  }),
  ...promise(
    sentence,
    {
      'appending to a new session from several stores': async (context) => {
        const stores = await several(context, 6);
        await allAreAppended(stores, await context.open(), context.id);
      },
      'popping from several stores more often than there are messages': async (context) =>
        eachIsPoppedOnce(await several(context, 5), context.store, context.id),
      'appending and popping from several stores': async (context) => {
        const stores = await several(context, 4);
        await growsAndShrinks(stores, await context.open(), context.id);
      },
    },
    'sharedWriters',
  ),
];
