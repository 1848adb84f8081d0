import { promise } from '../case.ts';
import { refused } from '../refused.ts';
import { same } from '../same.ts';
import { append, change, listed, markOf, said, sameMark, times } from '../session.ts';

const withHistory = promise(
  'Sessions are there again when the store is opened again.',
  {
    'with all they hold': async ({ store, id, open, close }) => {
      const messages = [{ ...said({ z: [], a: -0 }), tokens: 3 }, said('two')];
      await change(store, id, { append: messages, agent: 'helper', userId: 'ada' });
      await change(store, id, { drop: 1 });
      const before = [await store.read(id), await store.metadata(id)];
      await close(store);
      const again = await open();
      same([await again.read(id), await again.metadata(id)], before);
    },
    'their marks hold still': async ({ store, id, open, close }) => {
      await append(store, id, 'one');
      const mark = await markOf(store, id);
      await close(store);
      const again = await open();
      sameMark(await markOf(again, id), mark);
      await append(again, id, 'two');
      await refused('conflict', () => change(again, id, { drop: 1, expect: mark }));
    },
    'all of them': async ({ store, open, close }) => {
      const ids = times(20, (index) => `session ${index}`);
      for (const id of ids) await append(store, id, id);
      await close(store);
      same(await listed(await open()), ids.toSorted());
    },
  },
  'durable',
);

const withValues = promise(
  'Sessions are there again when the store is opened again.',
  {
    'with their values, usage and revisions': async ({ store, id, open, close }) => {
      const state = { title: 'a', note: { z: [], a: -0 } };
      await change(store, id, { append: [], state, usage: { requests: 2 } });
      await change(store, id, { state: { title: 'b' } });
      const before = [await store.state(id), await store.metadata(id)];
      await close(store);
      const again = await open();
      same([await again.state(id), await again.metadata(id)], before);
    },
  },
  ['durable', 'state'],
);

export const durableCases = [...withHistory, ...withValues];
