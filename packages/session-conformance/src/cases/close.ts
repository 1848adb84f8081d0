import { newOperationId, type SessionStore } from '@agent-sessions/session-core';

import { promise, type Case } from '../case.ts';
import { refused } from '../refused.ts';
import { same } from '../same.ts';
import { append, history, listed, markOf, said } from '../session.ts';

/** Refused where there is such a session and where there is none, though the store knew it. */
function closed(call: (store: SessionStore, id: string) => Promise<unknown>): Case['run'] {
  return async ({ store, id, close }) => {
    await append(store, id, 'hello');
    await store.read(id);
    await store.metadata(id);
    await close(store);
    await refused('closed', () => call(store, id));
    await refused('closed', () => call(store, 'session-2'));
  };
}

const sentence = 'After closing, every other call is `closed`.';

export const closeCases = [
  ...promise('Closing twice does no harm.', {
    'a store that was used': async ({ store, id, close }) => {
      await append(store, id, 'hello');
      await close(store);
      await close(store);
    },
    'a store that was not used': async ({ store, close }) => {
      await close(store);
      await close(store);
      await close(store);
    },
    'at the same time': async ({ store, close }) => {
      await Promise.all([close(store), close(store)]);
    },
  }),
  ...promise(sentence, {
    creating: closed((store, id) => store.create(id)),
    adding: closed((store, id) => append(store, id, 'world')),
    'adding nothing': closed((store, id) => append(store, id)),
    dropping: closed((store, id) => store.commit(id, { operationId: newOperationId(), drop: 1 })),
    reading: closed((store, id) => store.read(id)),
    'reading nothing': closed((store, id) => store.read(id, { last: 0 })),
    'asking for metadata': closed((store, id) => store.metadata(id)),
    deleting: closed((store, id) => store.delete(id)),
    listing: closed((store) => listed(store)),
    'reading on from a mark': async ({ store, id, close }) => {
      await append(store, id, 'hello');
      const since = await markOf(store, id);
      await close(store);
      await refused('closed', () => store.read(id, { since }));
    },
    'repeating a commit': async ({ store, id, close }) => {
      const commit = { operationId: newOperationId(), append: [said('hello')] };
      await store.commit(id, commit);
      await close(store);
      await refused('closed', () => store.commit(id, commit));
    },
  }),
  ...promise(
    sentence,
    {
      'asking for values': closed((store, id) => store.state(id)),
      'setting them': closed((store, id) =>
        store.commit(id, { operationId: newOperationId(), state: { title: 'a' } }),
      ),
    },
    'state',
  ),
  ...promise(
    sentence,
    { 'asking for a page': closed((store) => store.sessions({ userId: 'ada' })) },
    'sessions',
  ),
  ...promise(
    sentence,
    {
      'and changes nothing': async ({ store, id, open, close }) => {
        await append(store, id, 'hello');
        await close(store);
        await refused('closed', () => append(store, id, 'world'));
        await refused('closed', () => store.delete(id));
        await refused('closed', () => store.create('session-2'));
        const again = await open();
        same([await history(again, id), await listed(again)], [['hello'], [id]]);
      },
    },
    'durable',
  ),
  ...promise(
    sentence,
    {
      'and other stores go on': async ({ store, id, open, close }) => {
        const other = await open();
        await append(store, id, 'hello');
        await close(store);
        await append(other, id, 'world');
        same(await history(other, id), ['hello', 'world']);
      },
    },
    'sharedWriters',
  ),
];
