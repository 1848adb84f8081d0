import type { Commit, SessionStore, SessionUsage } from '@agent-sessions/session-core';

import { promise, type CaseContext } from '../case.ts';
import { refused, settled } from '../refused.ts';
import { same } from '../same.ts';
import {
  append,
  change,
  isThere,
  known,
  listed,
  markOf,
  said,
  sameMark,
  times,
  unchanged,
} from '../session.ts';
import { endedDespite, sleep, withTtl } from '../time-to-live.ts';

const nothing: SessionUsage = {
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
};

/** Every commit that is of nothing but values, usage and a claim. */
const besideHistory: readonly Omit<Commit, 'operationId'>[] = [
  { state: { title: 'a' } },
  { state: { none: null } },
  { usage: { requests: 1 } },
  { state: { note: 1 }, usage: { totalTokens: 7 } },
  { claim: true, userId: 'ada' },
];

async function usageOf(store: SessionStore, id: string): Promise<SessionUsage> {
  return known(await store.metadata(id), 'the metadata').usage;
}

async function sameUsage(store: SessionStore, id: string, usage: Partial<SessionUsage>) {
  const { requests, inputTokens, outputTokens, ...rest } = await usageOf(store, id);
  const { totalTokens, cachedInputTokens, reasoningTokens } = rest;
  const ordered = { requests, inputTokens, outputTokens, totalTokens };
  same({ ...ordered, cachedInputTokens, reasoningTokens }, { ...nothing, ...usage }, 'the usage');
}

const beside = [
  ...promise(
    'A commit beside the history, of nothing but values, usage and a claim, moves neither the time of the last write nor the expiry.',
    {
      'the time and the history': async ({ store, id }) => {
        await append(store, id, 'one', 'two');
        const mark = await markOf(store, id);
        const before = known(await store.metadata(id), 'the metadata');
        const ifThereIsNone = { state: { first: 1 }, expectState: { first: null } };
        for (const commit of [...besideHistory, ifThereIsNone]) {
          await sleep(2);
          const result = await change(store, id, commit);
          sameMark(result.mark, mark);
          same((await store.metadata(id))?.updatedAtMs, before.updatedAtMs);
        }
        sameMark(await markOf(store, id), mark);
      },
      'with messages it moves both': async ({ store, id }) => {
        await append(store, id, 'one');
        const before = known(await store.metadata(id), 'the metadata');
        await sleep(5);
        await change(store, id, { append: [said('two')], state: { title: 'a' } });
        const after = known(await store.metadata(id), 'the metadata');
        same(after.updatedAtMs > before.updatedAtMs, true, 'whether the time has moved');
      },
    },
    'state',
  ),
  ...promise(
    'A commit beside the history, of nothing but values, usage and a claim, moves neither the time of the last write nor the expiry.',
    {
      'the expiry': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          await change(store, name, { append: [said('hello')], ttlMs });
          await endedDespite(async () => {
            for (const commit of besideHistory) await settled([change(store, name, commit)]);
            return isThere(store, name);
          }, ttlMs);
        });
      },
      'and gives no other TTL': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          await change(store, name, { append: [said('hello')], ttlMs });
          await endedDespite(async () => {
            const commit = { state: { title: 'a' }, ttlMs: 3_600_000 };
            return (await change(store, name, commit)).mark !== null;
          }, ttlMs);
        });
      },
    },
    ['state', 'expiry'],
  ),
  ...promise(
    'A commit without `append` to a session that does not exist answers a mark of `null` and leaves nothing behind.',
    {
      'one of values, usage or a claim': async ({ store, id }) => {
        for (const commit of besideHistory) {
          const { mark, repeated } = await change(store, id, commit);
          same([mark, repeated], [null, false]);
        }
        same([await isThere(store, id), await listed(store)], [false, []]);
      },
    },
    'state',
  ),
];

const adding = promise(
  'Usage is added to the usage of the session, number by number.',
  {
    'none at first': async ({ store, id }) => {
      await store.create(id);
      await sameUsage(store, id, {});
      await append(store, id, 'hello');
      await sameUsage(store, id, {});
    },
    'all and some of it': async ({ store, id }) => {
      const all = { requests: 1, inputTokens: 20, outputTokens: 300, totalTokens: 320 };
      const usage = { ...all, cachedInputTokens: 10, reasoningTokens: 100 };
      await change(store, id, { append: [said('hello')], usage });
      await sameUsage(store, id, usage);
      await change(store, id, { usage: { requests: 2, reasoningTokens: 1 } });
      await change(store, id, { usage: { inputTokens: 0 } });
      await change(store, id, { usage: {} });
      await sameUsage(store, id, { ...usage, requests: 3, reasoningTokens: 101 });
    },
    'large numbers': async ({ store, id }) => {
      await store.create(id);
      for (const _ of times(3, String)) {
        await change(store, id, { usage: { totalTokens: 2 ** 31 - 1 } });
      }
      await sameUsage(store, id, { totalTokens: 3 * (2 ** 31 - 1) });
    },
    'at the same time': async ({ store, id }) => {
      await store.create(id);
      const commits = times(20, (index) => change(store, id, { usage: { outputTokens: index } }));
      await Promise.all(commits);
      await sameUsage(store, id, { outputTokens: 190 });
    },
    'it is no token count of messages': async ({ store, id }) => {
      const commit = { append: [{ ...said('hello'), tokens: 5 }], usage: { totalTokens: 70 } };
      await change(store, id, commit);
      same((await store.metadata(id))?.totalTokens, 5);
      await sameUsage(store, id, { totalTokens: 70 });
    },
  },
  'state',
);

async function guest({ store, id }: CaseContext): Promise<void> {
  await change(store, id, { append: [said('as a guest')], state: { title: 'a' } });
}

const claiming = promise(
  'With `claim` a session that has no user becomes that of `userId`, and is not found by others.',
  {
    'one of nobody': async (context) => {
      const { store, id } = context;
      await guest(context);
      const mark = await markOf(store, id);
      const result = await change(store, id, { claim: true, userId: 'ada' });
      sameMark(result.mark, mark);
      same((await store.metadata(id, { userId: 'ada' }))?.userId, 'ada');
      same(await store.metadata(id, { userId: 'bob' }), undefined);
      same(await listed(store, { userId: 'ada' }), [id]);
    },
    'one that is theirs already': async ({ store, id }) => {
      await store.create(id, { userId: 'ada' });
      await change(store, id, { claim: true, userId: 'ada', append: [said('hello')] });
      same((await store.metadata(id))?.userId, 'ada');
    },
    'one of somebody else': async ({ store, id }) => {
      await change(store, id, { append: [said('private')], userId: 'ada' });
      await unchanged(store, id, async () => {
        for (const userId of ['bob', 'Ada', 'ada ']) {
          await refused('session_not_found', () => change(store, id, { claim: true, userId }));
          const commit = { claim: true, userId, append: [said('foreign')], state: { title: 'b' } };
          await refused('session_not_found', () => change(store, id, commit));
        }
      });
    },
    'one that is not there': async ({ store, id }) => {
      same((await change(store, id, { claim: true, userId: 'ada' })).mark, null);
      same(await isThere(store, id), false, 'whether it is there');
      await change(store, id, { claim: true, userId: 'ada', append: [said('hello')] });
      same((await store.metadata(id))?.userId, 'ada');
    },
    'by many at the same time one gets it': async (context) => {
      const { store, id } = context;
      await guest(context);
      const users = times(20, (index) => `user ${index}`);
      const claims = users.map((userId) => change(store, id, { claim: true, userId }));
      const { answers, codes } = await settled(claims);
      same([answers.length, ...new Set(codes)], [1, 'session_not_found']);
      const { userId } = known(await store.metadata(id), 'the metadata');
      same(users.includes(userId ?? ''), true, 'whether it is one of them');
    },
    'without it a session of nobody stays so': async (context) => {
      const { store, id } = context;
      await guest(context);
      for (const claim of [false, undefined]) {
        await unchanged(store, id, () =>
          refused('session_not_found', () =>
            change(store, id, { claim, append: [said('hello')], userId: 'ada' }),
          ),
        );
      }
      await append(store, id, 'as a guest, too');
      same((await store.metadata(id))?.userId, null);
    },
    'repeated, and by somebody else': async (context) => {
      const { store, id } = context;
      await guest(context);
      const claim = { operationId: 'once', claim: true, userId: 'ada' };
      same((await store.commit(id, claim)).repeated, false);
      same((await store.commit(id, claim)).repeated, true);
      const other = { ...claim, userId: 'bob' };
      await refused('session_not_found', () => store.commit(id, other));
      same((await store.metadata(id))?.userId, 'ada');
    },
  },
  'state',
);

const onPages = promise(
  'With `claim` a session that has no user becomes that of `userId`, and is not found by others.',
  {
    'it is on their pages': async ({ store, id }) => {
      const pageOf = async (userId: string) =>
        (await store.sessions({ userId })).sessions.map(({ sessionId }) => sessionId);
      await append(store, id, 'as a guest');
      await change(store, id, { claim: true, userId: 'ada' });
      same([await pageOf('ada'), await pageOf('bob')], [[id], []]);
    },
  },
  ['state', 'sessions'],
);

export const besideHistoryCases = [...beside, ...adding, ...claiming, ...onPages];
