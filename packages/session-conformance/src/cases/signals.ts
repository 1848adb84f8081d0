import { newOperationId } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { refused } from '../refused.ts';
import { same } from '../same.ts';
import { append, change, history, isThere, listed, markOf, said, unchanged } from '../session.ts';

const sentence = 'A call with an aborted `signal` does nothing and is `aborted`.';

const withHistory = promise(sentence, {
  creating: async ({ store, id }) => {
    const signal = AbortSignal.abort();
    await refused('aborted', () => store.create(id, { signal }));
    same(await isThere(store, id), false, 'whether it is there');
    await store.create(id);
    await refused('aborted', () => store.create(id, { signal }));
  },
  committing: async ({ store, id }) => {
    const signal = AbortSignal.abort();
    const commit = { drop: 1, append: [said('two')], agent: 'helper', signal };
    await refused('aborted', () => change(store, id, commit));
    same(await isThere(store, id), false, 'whether it is there');
    await append(store, id, 'one');
    await unchanged(store, id, async () => {
      await refused('aborted', () => change(store, id, commit));
      await refused('aborted', () => change(store, id, { drop: 'all', signal }));
    });
  },
  'its operation id was not used': async ({ store, id }) => {
    const commit = { operationId: newOperationId(), append: [said('one')] };
    await refused('aborted', () => store.commit(id, { ...commit, signal: AbortSignal.abort() }));
    same((await store.commit(id, commit)).repeated, false);
  },
  reading: async ({ store, id }) => {
    const signal = AbortSignal.abort();
    await refused('aborted', () => store.read(id, { signal }));
    await append(store, id, 'one');
    const since = await markOf(store, id);
    for (const part of [{}, { last: 0 }, { before: 1 }, { role: 'user' }, { since }] as const) {
      await refused('aborted', () => store.read(id, { ...part, signal }));
    }
  },
  'asking for metadata': async ({ store, id }) => {
    const signal = AbortSignal.abort();
    await refused('aborted', () => store.metadata(id, { signal }));
    await append(store, id, 'one');
    await refused('aborted', () => store.metadata(id, { signal }));
  },
  deleting: async ({ store, id }) => {
    const signal = AbortSignal.abort();
    await append(store, id, 'one');
    await unchanged(store, id, () => refused('aborted', () => store.delete(id, { signal })));
    await refused('aborted', () => store.delete('session-2', { signal }));
  },
  listing: async ({ store, id }) => {
    const signal = AbortSignal.abort();
    await refused('aborted', () => listed(store, { signal }));
    await append(store, id, 'one');
    await refused('aborted', () => listed(store, { signal }));
  },
  'for a reason of its own': async ({ store, id }) => {
    const signal = AbortSignal.abort(new Error('the user left'));
    await refused('aborted', () => change(store, id, { append: [], signal }));
    same(await isThere(store, id), false, 'whether it is there');
  },
  'a signal that is not aborted changes nothing': async ({ store, id }) => {
    const { signal } = new AbortController();
    await store.create(id, { signal });
    await change(store, id, { append: [said('one')], signal });
    same((await store.read(id, { signal })).messages.length, 1);
    same((await store.metadata(id, { signal }))?.messageCount, 1);
    same(await listed(store, { signal }), [id]);
    same(await history(store, id), ['one']);
    same(await store.delete(id, { signal }), true);
  },
  'a signal that is aborted afterwards changes nothing': async ({ store, id }) => {
    const controller = new AbortController();
    await change(store, id, { append: [said('one')], signal: controller.signal });
    controller.abort();
    same(await history(store, id), ['one']);
    await append(store, id, 'two');
    same(await history(store, id), ['one', 'two']);
  },
});

const withValues = promise(
  sentence,
  {
    'asking for values and setting them': async ({ store, id }) => {
      const signal = AbortSignal.abort();
      await refused('aborted', () => store.state(id, { signal }));
      await append(store, id, 'one');
      await refused('aborted', () => store.state(id, { signal, names: [] }));
      await unchanged(store, id, () =>
        refused('aborted', () => change(store, id, { state: { a: 1 }, signal })),
      );
    },
  },
  'state',
);

const withPages = promise(
  sentence,
  {
    'asking for a page': async ({ store, id }) => {
      const signal = AbortSignal.abort();
      await refused('aborted', () => store.sessions({ userId: 'ada', signal }));
      await store.create(id, { userId: 'ada' });
      await refused('aborted', () => store.sessions({ userId: 'ada', signal }));
    },
  },
  'sessions',
);

export const signalCases = [...withHistory, ...withValues, ...withPages];
