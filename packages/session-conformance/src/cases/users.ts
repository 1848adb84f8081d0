import { newOperationId } from '@agent-sessions/session-core';

import { promise, type CaseContext } from '../case.ts';
import { refused } from '../refused.ts';
import { same } from '../same.ts';
import { change, history, isNothing, markOf, said, unchanged } from '../session.ts';

const sentence =
  'With a `userId`, a session of another user is not found, and never changed or deleted.';

/** Users that a store may take for Ada. */
const others = ['bob', 'Ada', 'ADA', ' ada', 'ada ', 'ad', 'adaa', '*', 'ad?', '__proto__', '"'];

async function sessionOfAda({ store, id }: CaseContext): Promise<void> {
  await change(store, id, { append: [said('private')], userId: 'ada', agent: 'helper' });
}

const withHistory = promise(sentence, {
  'reading it': async (context) => {
    const { store, id } = context;
    await sessionOfAda(context);
    const since = await markOf(store, id);
    for (const userId of others) {
      const query = [{ last: 1 }, { last: 0 }, { role: 'user' }, { since }, { before: 1 }] as const;
      for (const part of [{}, ...query]) {
        isNothing(await store.read(id, { ...part, userId }));
      }
    }
  },
  'asking for its metadata': async (context) => {
    await sessionOfAda(context);
    for (const userId of others) {
      same(await context.store.metadata(context.id, { userId }), undefined);
    }
  },
  'deleting it': async (context) => {
    const { store, id } = context;
    await sessionOfAda(context);
    await unchanged(store, id, async () => {
      for (const userId of others) same(await store.delete(id, { userId }), false);
    });
  },
  'adding to it': async (context) => {
    const { store, id } = context;
    await sessionOfAda(context);
    await unchanged(store, id, async () => {
      for (const userId of others) {
        const commit = { append: [said('foreign')], agent: 'intruder', userId };
        await refused('session_not_found', () => change(store, id, commit));
      }
    });
  },
  'dropping from it': async (context) => {
    const { store, id } = context;
    await sessionOfAda(context);
    await unchanged(store, id, async () => {
      for (const userId of others) {
        const commit = { drop: 'all', returnDropped: true, userId } as const;
        await refused('session_not_found', () => change(store, id, commit));
      }
    });
  },
  'repeating an operation of its user': async ({ store, id }) => {
    const pop = { operationId: newOperationId(), drop: 1, returnDropped: true };
    await change(store, id, { append: [said('private')], userId: 'ada' });
    await store.commit(id, { ...pop, userId: 'ada' });
    await refused('session_not_found', () => store.commit(id, { ...pop, userId: 'bob' }));
  },
  'a session of nobody': async ({ store, id }) => {
    await change(store, id, { append: [said('shared')] });
    same((await store.read(id, { userId: 'bob' })).mark, null);
    same(await store.metadata(id, { userId: 'bob' }), undefined);
    same(await store.delete(id, { userId: 'bob' }), false);
    await refused('session_not_found', () => change(store, id, { append: [], userId: 'bob' }));
  },
  'its user and whoever asks without a user find it': async ({ store, id }) => {
    await store.create(id, { userId: 'ada' });
    await change(store, id, { append: [said('one')], userId: 'ada' });
    await change(store, id, { append: [said('two')] });
    same((await store.metadata(id, { userId: 'ada' }))?.userId, 'ada');
    same((await store.read(id, { userId: 'ada' })).messages.length, 2);
    same(await history(store, id), ['one', 'two']);
    same(await store.delete(id, { userId: 'ada' }), true);
  },
  'users whose names are alike': async ({ store }) => {
    const users = ['ada', ...others];
    for (const [index, userId] of users.entries()) {
      await store.create(`session ${index}`, { userId });
    }
    for (const [index, userId] of users.entries()) {
      for (const asking of users) {
        const metadata = await store.metadata(`session ${index}`, { userId: asking });
        same(metadata?.userId, asking === userId ? userId : undefined);
      }
    }
  },
});

const withValues = promise(
  sentence,
  {
    'its values': async ({ store, id }) => {
      const state = { title: 'private' };
      await change(store, id, { append: [said('private')], userId: 'ada', state });
      for (const userId of others) {
        same(await store.state(id, { userId }), {});
        same(await store.state(id, { userId, names: ['title'] }), {});
      }
      same((await store.state(id, { userId: 'ada' }))['title']?.value, 'private');
    },
    'setting a value, adding to its usage': async (context) => {
      const { store, id } = context;
      await sessionOfAda(context);
      await unchanged(store, id, async () => {
        for (const userId of others) {
          for (const commit of [{ state: { title: 'foreign' } }, { usage: { requests: 1 } }]) {
            await refused('session_not_found', () => change(store, id, { ...commit, userId }));
          }
          const expecting = { state: { title: 'foreign' }, expectState: { title: null } };
          await refused('session_not_found', () => change(store, id, { ...expecting, userId }));
        }
      });
    },
  },
  'state',
);

export const userCases = [...withHistory, ...withValues];
