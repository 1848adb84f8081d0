import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, history, isThere, known, markOf, said, times } from '../session.ts';
import { longMs } from '../time-to-live.ts';

const knowsNothing = 'A session that is created after a deletion knows nothing of the one before.';

export const deleteCases = [
  ...promise('Deleting answers `true`, and `false` where there was nothing to delete.', {
    'a session with messages': async ({ store, id }) => {
      await append(store, id, 'one');
      same(await store.delete(id), true);
      same(await isThere(store, id), false, 'whether it is there');
    },
    'an empty session': async ({ store, id }) => {
      await store.create(id);
      same(await store.delete(id), true);
      same(await isThere(store, id), false, 'whether it is there');
    },
    twice: async ({ store, id }) => {
      await append(store, id, 'one');
      same([await store.delete(id), await store.delete(id)], [true, false]);
    },
    'what never was': async ({ store, id }) => {
      same(await store.delete(id), false);
      same(await store.delete(id, { userId: 'ada' }), false);
      same(await store.delete('constructor'), false);
    },
    'many times at the same time': async ({ store, id }) => {
      await append(store, id, 'one');
      const answers = await Promise.all(times(10, () => store.delete(id)));
      same(answers.filter(Boolean).length, 1, 'how often it was deleted');
    },
    'a session that was made anew': async ({ store, id }) => {
      for (const _ of times(3, String)) {
        await append(store, id, 'one');
        same(await store.delete(id), true);
      }
    },
  }),
  ...promise(knowsNothing, {
    'no messages, no agents, no user, no sums': async ({ store, id }) => {
      const message = { ...said('one'), tokens: 3 };
      await change(store, id, { append: [message], agent: 'helper', userId: 'ada' });
      await store.delete(id);
      same((await store.create(id, { userId: 'bob' })).created, true);
      const { messages, mark } = await store.read(id);
      const metadata = known(await store.metadata(id), 'the metadata');
      const { userId, currentAgent, agentsUsed, messageCount, totalTokens } = metadata;
      same([messages, mark?.length], [[], 0]);
      same([userId, currentAgent, agentsUsed], ['bob', null, []]);
      same([messageCount, totalTokens], [0, 0]);
    },
    'another epoch': async ({ store, id }) => {
      await append(store, id, 'one');
      const before = await markOf(store, id);
      await store.delete(id);
      await append(store, id, 'one');
      same(
        (await markOf(store, id)).epoch === before.epoch,
        false,
        'whether the epoch is the same',
      );
    },
    'no operations': async ({ store, id }) => {
      const commit = { operationId: 'once', append: [said('one')] };
      await store.commit(id, commit);
      await store.delete(id);
      same((await store.commit(id, commit)).repeated, false);
      same(await history(store, id), ['one']);
      await store.delete(id);
      const other = { operationId: 'once', append: [said('two')] };
      same((await store.commit(id, other)).repeated, false);
      same(await history(store, id), ['two']);
    },
  }),
  ...promise(
    knowsNothing,
    {
      'no TTL': async ({ store, id }) => {
        await change(store, id, { append: [said('one')], ttlMs: longMs });
        await store.delete(id);
        await store.create(id);
        same((await store.metadata(id))?.ttlMs, null);
      },
    },
    'expiry',
  ),
];
