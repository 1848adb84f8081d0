import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, isThere, listed, said, times } from '../session.ts';
import { ended, withTtl } from '../time-to-live.ts';

const sentence = 'Every session that is there all the time is listed, and none that is not there.';

export const listCases = [
  ...promise(sentence, {
    'none at first': async ({ store }) => {
      same(await listed(store), []);
    },
    'those that were created, by whatever means': async ({ store }) => {
      await store.create('created');
      await append(store, 'committed', 'hello');
      await change(store, 'of ada', { append: [said('hello')], userId: 'ada' });
      same(await listed(store), ['committed', 'created', 'of ada']);
    },
    'those that were deleted are not': async ({ store }) => {
      await append(store, 'kept', 'hello');
      await append(store, 'deleted', 'hello');
      await store.delete('deleted');
      same(await listed(store), ['kept']);
    },
    'those that were cleared are': async ({ store, id }) => {
      await append(store, id, 'hello');
      await change(store, id, { drop: 'all', forgetOperations: true });
      same(await listed(store), [id]);
    },
    'hundreds of them': async ({ store }) => {
      const ids = times(700, (index) => `session ${index}`);
      await Promise.all(ids.map((id) => store.create(id)));
      same(await listed(store), ids.toSorted());
    },
    'while others come and go': async ({ store }) => {
      const ids = times(100, (index) => `stays ${index}`);
      const going = times(100, (index) => `goes ${index}`);
      await Promise.all([...ids, ...going].map((id) => store.create(id)));
      const found = new Set<string>();
      let comes = 0;
      for await (const id of store.list()) {
        found.add(id);
        await store.delete(going.pop() ?? 'nothing');
        if (comes < 100) await store.create(`comes ${(comes += 1)}`);
      }
      same(
        ids.filter((id) => !found.has(id)),
        [],
        'what was missed',
      );
    },
    'a listing that is not read to its end': async ({ store, id }) => {
      await Promise.all(times(20, (index) => store.create(`session ${index}`)));
      for await (const first of store.list()) {
        same(await isThere(store, first), true);
        break;
      }
      same((await store.create(id)).created, true);
    },
  }),
  ...promise('With a `userId` only the sessions of that user are listed.', {
    'theirs, and not those of others': async ({ store }) => {
      for (const userId of ['ada', 'bob']) {
        for (const name of ['first', 'second']) {
          await change(store, `${name} of ${userId}`, { append: [said('hello')], userId });
        }
      }
      await append(store, 'of nobody', 'hello');
      same(await listed(store, { userId: 'ada' }), ['first of ada', 'second of ada']);
      same(await listed(store, { userId: 'bob' }), ['first of bob', 'second of bob']);
    },
    'none where there are none': async ({ store, id }) => {
      await store.create(id);
      await store.create('of ada', { userId: 'ada' });
      for (const userId of ['bob', 'Ada', 'ad', 'ada ', '*', '__proto__', '"']) {
        same(await listed(store, { userId }), []);
      }
    },
    'one that was deleted is not': async ({ store }) => {
      for (const id of ['kept', 'deleted']) {
        await change(store, id, { append: [said('hello')], userId: 'ada' });
      }
      await store.delete('deleted');
      same(await listed(store, { userId: 'ada' }), ['kept']);
    },
    'one that has another user by now is not': async ({ store, id }) => {
      await store.create(id, { userId: 'ada' });
      await store.delete(id);
      await store.create(id, { userId: 'bob' });
      same(await listed(store, { userId: 'ada' }), []);
    },
  }),
  ...promise(
    sentence,
    {
      'those that have ended are not': async ({ store }) => {
        await withTtl(async (ttlMs) => {
          await store.create(`kept ${ttlMs}`);
          await change(store, 'ended', { append: [said('hello')], ttlMs });
          await ended(async () => (await listed(store)).includes('ended'), ttlMs);
          same((await listed(store)).includes(`kept ${ttlMs}`), true);
        });
      },
    },
    'expiry',
  ),
];
