import type { SessionMetadata, SessionStore } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { refused } from '../refused.ts';
import { same } from '../same.ts';
import { append, change, known, markOf, said, sameMessages } from '../session.ts';
import { ended, sleep, withTtl } from '../time-to-live.ts';

async function metadataOf(store: SessionStore, id: string): Promise<SessionMetadata> {
  return known(await store.metadata(id), 'the metadata');
}

/** Holds the two sums against the messages. */
async function addsUp(store: SessionStore, id: string): Promise<void> {
  const { messages } = await store.read(id);
  const { messageCount, totalTokens } = await metadataOf(store, id);
  const tokens = messages.reduce((sum, message) => sum + (message.tokens ?? 0), 0);
  same([messageCount, totalTokens], [messages.length, tokens]);
}

function costing(tokens: number | null) {
  return { ...said(`costs ${tokens}`), tokens };
}

export const metadataCases = [
  ...promise('The metadata of a session that does not exist is `undefined`.', {
    'one that never was': async ({ store, id }) => {
      same(await store.metadata(id), undefined);
      same(await store.metadata(id, { userId: 'ada' }), undefined);
      same(await store.metadata('__proto__'), undefined);
    },
    'one that was deleted': async ({ store, id }) => {
      await append(store, id, 'hello');
      await store.delete(id);
      same(await store.metadata(id), undefined);
    },
  }),
  ...promise(
    'The metadata of a session that does not exist is `undefined`.',
    {
      'one that has ended': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          await change(store, id, { append: [said('hello')], ttlMs });
          await ended(async () => (await store.metadata(id)) !== undefined, ttlMs);
        });
      },
    },
    'expiry',
  ),
  ...promise('The message count and the token sum are those of the messages that are there.', {
    'of an empty session': async ({ store, id }) => {
      await store.create(id);
      const { messageCount, totalTokens } = await metadataOf(store, id);
      same([messageCount, totalTokens], [0, 0]);
    },
    'after appends': async ({ store, id }) => {
      await change(store, id, { append: [costing(3), costing(null), costing(0)] });
      await addsUp(store, id);
      await change(store, id, { append: [costing(2 ** 31 - 1), costing(2 ** 31 - 2)] });
      await addsUp(store, id);
      same((await metadataOf(store, id)).totalTokens, 2 ** 32);
    },
    'after drops': async ({ store, id }) => {
      await change(store, id, { append: [1, 2, null, 4, 8, 16].map(costing) });
      for (const drop of [1, 2, 0, 1]) {
        await change(store, id, { drop });
        await addsUp(store, id);
      }
    },
    'after replacements': async ({ store, id }) => {
      await change(store, id, { append: [1, 2, 4].map(costing) });
      await change(store, id, { drop: 2, append: [costing(8), costing(16), costing(null)] });
      await addsUp(store, id);
      await change(store, id, { drop: 'all', append: [costing(32)] });
      await addsUp(store, id);
    },
    'after all were dropped': async ({ store, id }) => {
      await change(store, id, { append: [costing(1), costing(2)] });
      await change(store, id, { drop: 'all' });
      await addsUp(store, id);
      await change(store, id, { append: [costing(4)] });
      await addsUp(store, id);
    },
    'after a repeated and a refused commit': async ({ store, id }) => {
      const commit = { operationId: 'once', append: [costing(5)] };
      await store.create(id);
      const expect = await markOf(store, id);
      await store.commit(id, commit);
      await store.commit(id, commit);
      await refused('conflict', () => change(store, id, { drop: 1, expect }));
      await addsUp(store, id);
    },
  }),
  ...promise(
    'The time of the last write moves with every commit but those beside the history, and no other time does.',
    {
      'every kind of commit': async ({ store, id }) => {
        await append(store, id, 'one', 'two', 'three', 'four');
        for (const commit of [
          { append: [said('five')] },
          { append: [] },
          { append: [], agent: 'helper' },
          { agent: 'other' },
          { drop: 1 },
          { drop: 1, append: [said('six')] },
          { drop: 0 },
          { drop: 'all' },
          { drop: 'all' },
        ] as const) {
          await movesOn(store, id, () => change(store, id, commit));
        }
      },
      'the time of creation stays': async ({ store, id }) => {
        await store.create(id);
        const { createdAtMs } = await metadataOf(store, id);
        await movesOn(store, id, () => append(store, id, 'one'));
        await movesOn(store, id, () => change(store, id, { drop: 'all' }));
        same((await metadataOf(store, id)).createdAtMs, createdAtMs);
      },
      'the times of the messages stay': async ({ store, id }) => {
        await append(store, id, 'one', 'two', 'three');
        const { messages } = await store.read(id);
        await movesOn(store, id, () => append(store, id, 'four'));
        const later = await store.read(id);
        sameMessages(later.messages.slice(0, 3), messages);
      },
      'not with what only asks, is repeated or is refused': async ({ store, id }) => {
        const commit = { operationId: 'once', append: [said('one')] };
        await store.commit(id, commit);
        const { updatedAtMs } = await metadataOf(store, id);
        const { epoch } = await markOf(store, id);
        await sleep(5);
        await store.read(id, { last: 1 });
        await store.commit(id, { ...commit, expect: { epoch } });
        await refused('conflict', () => change(store, id, { append: [], expect: null }));
        same((await metadataOf(store, id)).updatedAtMs, updatedAtMs);
      },
    },
  ),
];

/** Expects the time of the last write to move, given that the clock has: clocks may be coarse. */
async function movesOn(
  store: SessionStore,
  id: string,
  commit: () => Promise<unknown>,
): Promise<void> {
  const before = (await metadataOf(store, id)).updatedAtMs;
  for (const pauseMs of [2, 20, 200, 1100]) {
    await sleep(pauseMs);
    await commit();
    const { updatedAtMs } = await metadataOf(store, id);
    if (updatedAtMs > before) return;
  }
  same('stayed', 'moved', 'the time of the last write');
}
