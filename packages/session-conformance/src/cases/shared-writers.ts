import { promise } from '../case.ts';
import { same } from '../same.ts';
import {
  append,
  change,
  history,
  isThere,
  listed,
  markOf,
  said,
  sameMark,
  several,
  times,
} from '../session.ts';

export const sharedWriterCases = [
  ...promise(
    'What one store has committed, every other reads.',
    {
      'a new session': async ({ store, id, open }) => {
        const other = await open();
        same([await isThere(other, id), await listed(other)], [false, []]);
        await append(store, id, 'one');
        same(await history(other, id), ['one']);
        same([await isThere(other, id), await listed(other)], [true, [id]]);
      },
      'what was added after it had read': async ({ store, id, open }) => {
        const other = await open();
        await append(store, id, 'one');
        same(await history(other, id), ['one']);
        await append(store, id, 'two');
        same(await history(other, id), ['one', 'two']);
        await change(store, id, { drop: 2, append: [said('three'), said('four')] });
        same(await history(other, id), ['three', 'four']);
        await change(store, id, { drop: 'all' });
        same(await history(other, id), []);
      },
      'in turns': async (context) => {
        const { id } = context;
        const stores = await several(context, 3);
        const texts = times(12, String);
        const turns = times(4, () => stores).flat();
        for (const [index, text] of texts.entries()) {
          await append(turns[index] ?? context.store, id, text);
          for (const each of stores) {
            same(await history(each, id), texts.slice(0, index + 1));
          }
        }
      },
      'its marks': async ({ store, id, open }) => {
        const other = await open();
        await append(store, id, 'one');
        sameMark(await markOf(other, id), await markOf(store, id));
        await change(store, id, { drop: 1, append: [said('two'), said('three')] });
        sameMark(await markOf(other, id), await markOf(store, id));
        const commit = { append: [said('four')], expect: await markOf(other, id) };
        same((await change(store, id, commit)).mark?.length, 3);
      },
      'its metadata': async ({ store, id, open }) => {
        const other = await open();
        await other.create(id);
        await other.metadata(id);
        await change(store, id, { append: [{ ...said('one'), tokens: 3 }], agent: 'helper' });
        same(await other.metadata(id), await store.metadata(id));
      },
      'its deletions': async ({ store, id, open }) => {
        const other = await open();
        await append(store, id, 'one');
        await history(other, id);
        await store.delete(id);
        same(await isThere(other, id), false, 'whether it is there');
        await append(store, id, 'two');
        same(await history(other, id), ['two']);
      },
    },
    'sharedWriters',
  ),
  ...promise(
    'What one store has committed, every other reads.',
    {
      'its values': async ({ store, id, open }) => {
        const other = await open();
        await store.create(id);
        for (const title of ['a', 'b', { c: [] }]) {
          await change(store, id, { state: { title } });
          same(await other.state(id), await store.state(id));
          same((await other.state(id))['title']?.value, title);
        }
      },
    },
    ['sharedWriters', 'state'],
  ),
  ...promise(
    'What one store has committed, every other reads.',
    {
      'its pages': async ({ store, id, open }) => {
        const other = await open();
        const ids = async (each: typeof other) =>
          (await each.sessions({ userId: 'ada' })).sessions.map(({ sessionId }) => sessionId);
        await change(store, id, { append: [said('one')], userId: 'ada' });
        same(await ids(store), [id]);
        same(await ids(other), [id]);
        await other.delete(id);
        same([await ids(other), await ids(store)], [[], []]);
      },
    },
    ['sharedWriters', 'sessions'],
  ),
  ...promise(
    'An operation id that one store has committed is known to every other.',
    {
      'it is not done again': async (context) => {
        const { store, id } = context;
        const commit = { operationId: 'once', append: [said('one')] };
        await store.commit(id, commit);
        for (const other of await several(context, 3)) {
          same((await other.commit(id, commit)).repeated, true);
        }
      },
    },
    'sharedWriters',
  ),
];
