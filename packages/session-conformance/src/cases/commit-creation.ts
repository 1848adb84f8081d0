import { promise } from '../case.ts';
import { same } from '../same.ts';
import { change, history, isThere, known, said } from '../session.ts';
import { longMs } from '../time-to-live.ts';

export const commitCreationCases = [
  ...promise('A commit with `append`, even of nothing, creates a session that does not exist.', {
    'with messages': async ({ store, id }) => {
      const { mark, repeated, dropped } = await change(store, id, { append: [said('one')] });
      same([mark?.length, repeated, dropped], [1, false, []]);
      same(await history(store, id), ['one']);
    },
    'with nothing': async ({ store, id }) => {
      const { mark } = await change(store, id, { append: [] });
      same(mark?.length, 0);
      same(await isThere(store, id), true, 'whether it is there');
    },
    'with nothing but an agent': async ({ store, id }) => {
      await change(store, id, { append: [], agent: 'helper', userId: 'ada' });
      const { userId, currentAgent } = known(await store.metadata(id), 'the metadata');
      same([userId, currentAgent], ['ada', 'helper']);
    },
    'though there is nothing to drop': async ({ store, id }) => {
      const commit = { drop: 'all', append: [said('one')], returnDropped: true } as const;
      same((await change(store, id, commit)).dropped, []);
      same(await history(store, id), ['one']);
    },
    'one that was deleted': async ({ store, id }) => {
      await change(store, id, { append: [] });
      await store.delete(id);
      await change(store, id, { append: [] });
      same(await isThere(store, id), true);
    },
  }),
  ...promise(
    'A commit with `append`, even of nothing, creates a session that does not exist.',
    {
      'with its TTL': async ({ store, id }) => {
        await change(store, id, { append: [], ttlMs: longMs });
        same((await store.metadata(id))?.ttlMs, longMs);
      },
    },
    'expiry',
  ),
  ...promise(
    'A commit without `append` to a session that does not exist answers a mark of `null` and leaves nothing behind.',
    {
      'whatever it asks for': async ({ store, id }) => {
        for (const commit of [
          {},
          { drop: 0 },
          { drop: 1, returnDropped: true },
          { drop: 'all', forgetOperations: true },
          { drop: 'all', agent: 'helper', userId: 'ada', ttlMs: longMs },
          { agent: 'helper' },
          { drop: 1, expect: null },
        ] as const) {
          const { mark, repeated, dropped } = await change(store, id, commit);
          same([mark, repeated, dropped], [null, false, []]);
        }
        same(await isThere(store, id), false, 'whether it is there');
      },
      'not even its operation id': async ({ store, id }) => {
        const pop = { operationId: 'once', drop: 1, returnDropped: true };
        await store.commit(id, pop);
        same((await store.commit(id, pop)).repeated, false);
        const other = { operationId: 'once', append: [said('one')] };
        same((await store.commit(id, other)).repeated, false);
      },
    },
  ),
];
