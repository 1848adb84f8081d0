import { promise } from '../case.ts';
import { append, change, isNothing, isThere, markOf, said } from '../session.ts';
import { ended, withTtl } from '../time-to-live.ts';

export const missingSessionCases = [
  ...promise(
    'A session that does not exist reads as an empty history without a mark, never as an error.',
    {
      'one that never was': async ({ store, id }) => {
        isNothing(await store.read(id));
      },
      'one named like a member of every object': async ({ store }) => {
        for (const id of ['__proto__', 'constructor', 'toString', 'length']) {
          isNothing(await store.read(id));
        }
      },
      'whatever part of it is asked for': async ({ store, id }) => {
        for (const last of [0, -1, 1, Number.MAX_SAFE_INTEGER]) {
          isNothing(await store.read(id, { last }));
          isNothing(await store.read(id, { last, role: 'user' }));
        }
        isNothing(await store.read(id, { before: 5, last: 2 }));
        isNothing(await store.read(id, { role: 'tool' }));
        isNothing(await store.read(id, { userId: 'ada' }));
      },
      'since a mark of another session': async ({ store, id }) => {
        await append(store, id, 'hello');
        isNothing(await store.read('session-2', { since: await markOf(store, id) }));
      },
      'one that was deleted': async ({ store, id }) => {
        await append(store, id, 'hello');
        const since = await markOf(store, id);
        await store.delete(id);
        isNothing(await store.read(id));
        isNothing(await store.read(id, { since }));
      },
    },
  ),
  ...promise(
    'A session that does not exist reads as an empty history without a mark, never as an error.',
    {
      'one that has ended': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          await change(store, id, { append: [said('hello')], ttlMs });
          await ended(() => isThere(store, id), ttlMs);
          isNothing(await store.read(id));
          isNothing(await store.read(id, { last: 1, role: 'user' }));
        });
      },
    },
    'expiry',
  ),
];
