import type { SessionStore } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, contents, history, said, sameMessages } from '../session.ts';

async function three(store: SessionStore, id: string): Promise<void> {
  await append(store, id, 'one');
  await append(store, id, 'two', 'three');
}

const all = ['one', 'two', 'three'];

export const commitDropCases = [
  ...promise('The tail that is dropped is the newest messages.', {
    'the last one': async ({ store, id }) => {
      await three(store, id);
      await change(store, id, { drop: 1 });
      same(await history(store, id), ['one', 'two']);
    },
    'one after the other': async ({ store, id }) => {
      await three(store, id);
      await change(store, id, { drop: 1 });
      await change(store, id, { drop: 1 });
      same(await history(store, id), ['one']);
    },
    'across commits': async ({ store, id }) => {
      await three(store, id);
      await change(store, id, { drop: 2 });
      same(await history(store, id), ['one']);
    },
    'all of them': async ({ store, id }) => {
      await three(store, id);
      same((await change(store, id, { drop: 'all' })).mark?.length, 0);
      same(await history(store, id), []);
      await three(store, id);
      await change(store, id, { drop: 3 });
      same(await history(store, id), []);
    },
    'before others are added': async ({ store, id }) => {
      await three(store, id);
      const { mark } = await change(store, id, { drop: 2, append: [said('new'), said('newer')] });
      same(mark?.length, 3);
      same(await history(store, id), ['one', 'new', 'newer']);
      await change(store, id, { drop: 'all', append: [said('newest')] });
      same(await history(store, id), ['newest']);
    },
    'none with 0': async ({ store, id }) => {
      await three(store, id);
      await change(store, id, { drop: 0 });
      same(await history(store, id), all);
      await change(store, id, { drop: 0, append: [said('four')] });
      same(await history(store, id), [...all, 'four']);
    },
  }),
  ...promise('Dropping more than there is drops what there is.', {
    'one more': async ({ store, id }) => {
      await three(store, id);
      same((await change(store, id, { drop: 4 })).mark?.length, 0);
      same(await history(store, id), []);
    },
    'as many as can be said': async ({ store, id }) => {
      await three(store, id);
      await change(store, id, { drop: 2 ** 31 - 1, append: [said('new')] });
      same(await history(store, id), ['new']);
    },
    'of an empty history': async ({ store, id }) => {
      await store.create(id);
      for (const drop of [1, 'all'] as const) {
        const { mark, dropped } = await change(store, id, { drop, returnDropped: true });
        same([mark?.length, dropped], [0, []]);
      }
      await change(store, id, { drop: 5, append: [said('new')] });
      same(await history(store, id), ['new']);
    },
    'and answers with what there is': async ({ store, id }) => {
      await three(store, id);
      const { dropped } = await change(store, id, { drop: 100, returnDropped: true });
      same(dropped.length, 3);
    },
  }),
  ...promise('With `returnDropped` the answer has the dropped messages in order, otherwise none.', {
    'as they were read': async ({ store, id }) => {
      const content = { z: [], a: {}, n: [-0, 6.86e-21], t: '\ud800\u0000', deep: [[[[]]]] };
      const item = { type: 'x', content, more: null };
      await change(store, id, {
        append: [{ ...said(content), id: 'm', tokens: 3 }, { role: 'assistant', item }, said('x')],
      });
      const { messages } = await store.read(id);
      const { dropped } = await change(store, id, { drop: 3, returnDropped: true });
      sameMessages(dropped, messages);
    },
    'some of them': async ({ store, id }) => {
      await three(store, id);
      const { messages } = await store.read(id);
      const { dropped } = await change(store, id, { drop: 2, returnDropped: true });
      sameMessages(dropped, messages.slice(1));
    },
    'while others are added': async ({ store, id }) => {
      await three(store, id);
      const commit = { drop: 'all', append: [said('new')], returnDropped: true } as const;
      same(contents((await change(store, id, commit)).dropped), all);
    },
    'none where none is dropped': async ({ store, id }) => {
      await three(store, id);
      for (const drop of [0, undefined]) {
        same((await change(store, id, { drop, append: [], returnDropped: true })).dropped, []);
      }
    },
    'none where none is asked for': async ({ store, id }) => {
      await three(store, id);
      same((await change(store, id, { drop: 1 })).dropped, []);
      same((await change(store, id, { drop: 'all', returnDropped: false })).dropped, []);
    },
    'hundreds of them': async ({ store, id }) => {
      await append(store, id, ...Array.from({ length: 400 }, (_, index) => `message ${index}`));
      const { messages } = await store.read(id);
      const { dropped } = await change(store, id, { drop: 350, returnDropped: true });
      sameMessages(dropped, messages.slice(50));
    },
  }),
];
