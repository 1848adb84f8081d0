import { promise } from '../case.ts';
import { refused, settled } from '../refused.ts';
import { same } from '../same.ts';
import {
  append,
  change,
  history,
  isThere,
  known,
  markOf,
  said,
  several,
  times,
  unchanged,
} from '../session.ts';
import { ended, withTtl } from '../time-to-live.ts';

const conflicts =
  'A mark in `expect` that is no longer the newest is a `conflict` and nothing changes.';
const notFound =
  'A mark or an epoch in `expect` of a session that is gone, or of one that had the same id before, is `session_not_found` and nothing changes.';

const conflicting = [
  ...promise(conflicts, {
    'after an append': async ({ store, id }) => {
      await append(store, id, 'one');
      const expect = await markOf(store, id);
      await append(store, id, 'two');
      await unchanged(store, id, async () => {
        const commit = { drop: 1, append: [said('three')], agent: 'helper', expect };
        await refused('conflict', () => change(store, id, commit));
        await refused('conflict', () => change(store, id, { drop: 'all', expect }));
        await refused('conflict', () => change(store, id, { append: [], expect }));
      });
    },
    'after a drop': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      const expect = await markOf(store, id);
      await change(store, id, { drop: 1 });
      await unchanged(store, id, () =>
        refused('conflict', () => change(store, id, { append: [said('three')], expect })),
      );
    },
    'after a replacement that left as many messages': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      const expect = await markOf(store, id);
      await change(store, id, { drop: 1, append: [said('other')] });
      await unchanged(store, id, () =>
        refused('conflict', () => change(store, id, { drop: 1, expect })),
      );
    },
    'after all were dropped and as many added': async ({ store, id }) => {
      const message = { ...said('hello'), id: 'm' };
      await change(store, id, { append: [message] });
      const expect = await markOf(store, id);
      await change(store, id, { drop: 'all' });
      await change(store, id, { append: [message] });
      await unchanged(store, id, () =>
        refused('conflict', () => change(store, id, { drop: 1, expect })),
      );
    },
    'the mark of an empty history': async ({ store, id }) => {
      await store.create(id);
      const expect = await markOf(store, id);
      await append(store, id, 'one');
      await refused('conflict', () => change(store, id, { append: [said('two')], expect }));
      await change(store, id, { drop: 'all' });
      await refused('conflict', () => change(store, id, { append: [said('two')], expect }));
    },
    'the newest mark is none': async ({ store, id }) => {
      await store.create(id);
      for (const commit of [
        { append: [said('one'), said('two')] },
        { drop: 1 },
        { drop: 1, append: [said('three')] },
        { append: [] },
        { drop: 'all' },
        { append: [said('four')] },
      ] as const) {
        const expect = await markOf(store, id);
        same((await change(store, id, { ...commit, expect })).repeated, false);
      }
      same(await history(store, id), ['four']);
    },
    'an earlier operation is known still': async ({ store, id }) => {
      const earlier = { operationId: 'once', append: [said('one')], forgetOperations: false };
      await store.commit(id, earlier);
      const expect = await markOf(store, id);
      await append(store, id, 'two');
      const forgetting = { drop: 'all', forgetOperations: true, expect } as const;
      await refused('conflict', () => change(store, id, forgetting));
      same((await store.commit(id, earlier)).repeated, true);
    },
    'of many at the same time one is accepted': async ({ store, id }) => {
      await append(store, id, 'start');
      const expect = await markOf(store, id);
      const calls = times(10, (index) => change(store, id, { append: [said(index)], expect }));
      const { answers, codes } = await settled(calls);
      same([answers.length, codes], [1, Array(9).fill('conflict')]);
      same((await history(store, id)).length, 2);
    },
  }),
  ...promise(
    conflicts,
    {
      'after a commit of another store': async ({ store, id, open }) => {
        await append(store, id, 'one');
        const expect = await markOf(store, id);
        const other = await open();
        await append(other, id, 'two');
        await refused('conflict', () => change(store, id, { append: [said('three')], expect }));
        same(await history(other, id), ['one', 'two']);
      },
      'of several stores at the same time one is accepted': async (context) => {
        const { store, id } = context;
        await append(store, id, 'start');
        const expect = await markOf(store, id);
        const stores = await several(context, 5);
        const calls = stores.map((each, index) =>
          change(each, id, { drop: 1, append: [said(index)], expect }),
        );
        const { answers, codes } = await settled(calls);
        same([answers.length, codes], [1, Array(4).fill('conflict')]);
      },
    },
    'sharedWriters',
  ),
];

const missing = [
  ...promise(notFound, {
    'a session that was deleted': async ({ store, id }) => {
      await append(store, id, 'one');
      const mark = await markOf(store, id);
      await store.delete(id);
      for (const expect of [mark, { epoch: mark.epoch }]) {
        for (const commit of [{ append: [said('two')] }, { append: [] }, { drop: 1 }]) {
          await refused('session_not_found', () => change(store, id, { ...commit, expect }));
        }
      }
      same(await isThere(store, id), false, 'whether it is there');
    },
    'a session that never was': async ({ store, id }) => {
      await append(store, 'session-2', 'one');
      const mark = await markOf(store, 'session-2');
      for (const expect of [mark, { epoch: mark.epoch }]) {
        await refused('session_not_found', () => change(store, id, { append: [], expect }));
      }
      same(await isThere(store, id), false);
    },
    'a session that was made anew': async ({ store, id }) => {
      await append(store, id, 'one');
      const mark = await markOf(store, id);
      await store.delete(id);
      await append(store, id, 'one');
      await unchanged(store, id, async () => {
        for (const expect of [mark, { epoch: mark.epoch }]) {
          for (const commit of [{ append: [said('two')] }, { append: [] }, { drop: 1 }]) {
            await refused('session_not_found', () => change(store, id, { ...commit, expect }));
          }
        }
      });
    },
    'the mark of another session': async ({ store, id }) => {
      await append(store, id, 'one');
      await append(store, 'session-2', 'one');
      const expect = await markOf(store, 'session-2');
      await unchanged(store, id, () =>
        refused('session_not_found', () => change(store, id, { append: [], expect })),
      );
    },
    'an epoch alone says nothing of its history': async ({ store, id }) => {
      await store.create(id);
      const { epoch } = await markOf(store, id);
      await append(store, id, 'one', 'two');
      await change(store, id, { drop: 1, append: [said('three')], expect: { epoch } });
      await change(store, id, { append: [said('four')], expect: { epoch } });
      same((await history(store, id)).slice(1), ['three', 'four']);
    },
  }),
  ...promise(
    notFound,
    {
      'a session that has ended': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const { mark } = await change(store, id, { append: [said('one')], ttlMs });
          const expect = known(mark, 'the mark');
          await ended(() => isThere(store, id), ttlMs);
          for (const each of [expect, { epoch: expect.epoch }]) {
            const commit = { append: [said('two')], expect: each };
            await refused('session_not_found', () => change(store, id, commit));
          }
          same(await isThere(store, id), false);
        });
      },
    },
    'expiry',
  ),
];

const none = [
  ...promise('With `expect: null` a session that exists is a `conflict` and nothing changes.', {
    'one with messages': async ({ store, id }) => {
      await append(store, id, 'one');
      await unchanged(store, id, async () => {
        const commit = { append: [said('two')], agent: 'helper', expect: null };
        await refused('conflict', () => change(store, id, commit));
        await refused('conflict', () => change(store, id, { drop: 'all', expect: null }));
      });
    },
    'an empty one': async ({ store, id }) => {
      await store.create(id);
      await unchanged(store, id, () =>
        refused('conflict', () => change(store, id, { append: [said('one')], expect: null })),
      );
    },
    'one that does not exist is made': async ({ store, id }) => {
      const { mark } = await change(store, id, { append: [said('one')], expect: null });
      same(mark?.length, 1);
      same(await history(store, id), ['one']);
    },
    'one that was deleted is made anew': async ({ store, id }) => {
      await append(store, id, 'one');
      await store.delete(id);
      await change(store, id, { append: [said('two')], expect: null });
      same(await history(store, id), ['two']);
    },
    'of many at the same time one is accepted': async ({ store, id }) => {
      const calls = times(10, (index) =>
        change(store, id, { append: [said(index)], expect: null }),
      );
      const { answers, codes } = await settled(calls);
      same([answers.length, codes], [1, Array(9).fill('conflict')]);
      same((await history(store, id)).length, 1);
    },
  }),
  ...promise(
    'With `expect: null` a session that exists is a `conflict` and nothing changes.',
    {
      'one that another store made': async ({ store, id, open }) => {
        await append(await open(), id, 'one');
        const commit = { append: [said('two')], expect: null };
        await refused('conflict', () => change(store, id, commit));
      },
    },
    'sharedWriters',
  ),
];

export const commitExpectationCases = [...conflicting, ...missing, ...none];
