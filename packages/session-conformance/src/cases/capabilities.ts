import { promise } from '../case.ts';
import { refused } from '../refused.ts';
import { same } from '../same.ts';
import { append, change, isThere, said, unchanged, valuesOf } from '../session.ts';

/** Of capabilities, both what is there with them and what is there without them. */
export const capabilityCases = [
  ...promise(
    'Sessions have named values, usage and claims; otherwise these are `missing_capability`.',
    {
      'asking for values': async ({ store, id }) => {
        await append(store, id, 'hello');
        if (store.capabilities.state) same(await store.state(id), {});
        else await refused('missing_capability', () => store.state(id));
      },
      'committing them': async ({ store, id }) => {
        await store.create(id);
        for (const beside of [
          { state: { title: 'a' } },
          { expectState: { other: null } },
          { usage: { requests: 1 } },
          ...(store.capabilities.state ? [] : [{ claim: true, userId: 'ada' }]),
        ]) {
          const commit = { append: [said('hello')], ...beside };
          if (store.capabilities.state) await change(store, id, commit);
          else await refused('missing_capability', () => change(store, id, commit));
        }
        if (store.capabilities.state) same(await valuesOf(store, id), { title: 'a' });
        else same((await store.metadata(id))?.messageCount, 0);
      },
      'and nothing is left behind': async ({ store, id }) => {
        if (store.capabilities.state) return;
        const commit = { append: [said('hello')], state: { title: 'a' } };
        await refused('missing_capability', () => change(store, id, commit));
        same(await isThere(store, id), false, 'whether it is there');
        await append(store, id, 'hello');
        await unchanged(store, id, () =>
          refused('missing_capability', () => change(store, id, { ...commit, drop: 1 })),
        );
      },
    },
  ),
  ...promise(
    'The sessions of a user are had page by page; otherwise that is `missing_capability`.',
    {
      'asking for a page': async ({ store, id }) => {
        await store.create(id, { userId: 'ada' });
        const page = () => store.sessions({ userId: 'ada' });
        if (store.capabilities.sessions) same((await page()).sessions.length, 1);
        else await refused('missing_capability', page);
      },
    },
  ),
];
