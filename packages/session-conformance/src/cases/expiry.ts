import type { Commit, SessionStore } from '@agent-sessions/session-core';

import { promise, type CaseContext } from '../case.ts';
import { codeOf, settled } from '../refused.ts';
import { same } from '../same.ts';
import { append, change, isThere, known, listed, said } from '../session.ts';
import { ended, endedDespite, longMs, notEnded, sleep, withTtl } from '../time-to-live.ts';

/** Makes a session with a TTL, named after it, and answers its epoch. */
async function sessionWithTtl(store: SessionStore, id: string, ttlMs: number): Promise<string> {
  const { mark } = await change(store, id, { append: [said('hello')], ttlMs });
  return known(mark, 'the mark').epoch;
}

/** Whether a commit that would be refused or repeated still finds its session. */
async function finds(store: SessionStore, id: string, commit: Commit): Promise<boolean> {
  try {
    return (await store.commit(id, commit)).mark !== null;
  } catch (error) {
    return codeOf(error) !== 'session_not_found';
  }
}

/** Commits all the time for longer than the TTL, and expects the session to stay. */
async function keepsAlive(
  { store, id }: CaseContext,
  commit: (ttlMs: number) => Omit<Commit, 'operationId'>,
): Promise<void> {
  await withTtl(async (ttlMs) => {
    const name = `${id} ${ttlMs}`;
    let writtenMs = performance.now();
    const epoch = await sessionWithTtl(store, name, ttlMs);
    const enough = performance.now() + ttlMs * 2;
    while (performance.now() < enough) {
      await sleep(ttlMs / 5);
      const askedMs = performance.now();
      const there = () =>
        change(store, name, { ...commit(ttlMs), expect: { epoch } }).then(
          () => true,
          (error: unknown) => {
            if (codeOf(error) === 'session_not_found') return false;
            throw error;
          },
        );
      await notEnded(there, ttlMs, writtenMs);
      writtenMs = askedMs;
    }
    await notEnded(() => isThere(store, name), ttlMs, writtenMs);
    await ended(() => isThere(store, name), ttlMs);
  });
}

export const expiryCases = [
  ...promise(
    'A session ends when its TTL has passed since its last write.',
    {
      'a session that was created with one': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          const writtenMs = performance.now();
          await store.create(name, { ttlMs });
          await notEnded(() => isThere(store, name), ttlMs, writtenMs);
          await ended(() => isThere(store, name), ttlMs);
        });
      },
      'a session that a commit made': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          const writtenMs = performance.now();
          await sessionWithTtl(store, name, ttlMs);
          await notEnded(() => isThere(store, name), ttlMs, writtenMs);
          await ended(() => isThere(store, name), ttlMs);
        });
      },
      'with all it holds': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const commit = { operationId: `once ${ttlMs}`, append: [said('hello')], agent: 'helper' };
          await store.commit(id, { ...commit, userId: 'ada', ttlMs });
          await ended(() => isThere(store, id), ttlMs);
          await store.create(id, { userId: 'bob' });
          same((await store.metadata(id))?.agentsUsed, []);
          same((await store.commit(id, commit)).repeated, false);
          await store.delete(id);
        });
      },
    },
    'expiry',
  ),
  ...promise(
    'Every commit but those beside the history, and no read, slides the expiry, by the TTL that the session was given last.',
    {
      'commits that add': (context) => keepsAlive(context, () => ({ append: [said('hello')] })),
      'commits that change nothing': (context) => keepsAlive(context, () => ({ append: [] })),
      'commits that drop all, which keep the TTL': (context) =>
        keepsAlive(context, () => ({ drop: 'all', forgetOperations: true })),
      'commits that give the same TTL again': (context) =>
        keepsAlive(context, (ttlMs) => ({ append: [], ttlMs })),
      'no reads': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          await sessionWithTtl(store, name, ttlMs);
          const since = (await store.read(name)).mark ?? undefined;
          const reads = async () => {
            for (const part of [
              {},
              { since },
              { last: 1 },
              { last: 0 },
              { before: 1 },
              { role: 'user' },
            ] as const) {
              await settled([store.read(name, part)]);
            }
            return isThere(store, name);
          };
          await endedDespite(reads, ttlMs);
        });
      },
      'no listing': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          await sessionWithTtl(store, name, ttlMs);
          const lists = async () => {
            await listed(store);
            return isThere(store, name);
          };
          await endedDespite(lists, ttlMs);
        });
      },
      'a session that got its first TTL later': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          await append(store, id, 'hello');
          await change(store, id, { append: [said('hello')], ttlMs });
          await ended(() => isThere(store, id), ttlMs);
        });
      },
      'a longer TTL given later': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          const writtenMs = performance.now();
          await sessionWithTtl(store, name, ttlMs);
          await notEnded(() => isThere(store, name), ttlMs, writtenMs);
          const given = async () => {
            const { mark } = await change(store, name, { drop: 1, ttlMs: longMs });
            return mark !== null;
          };
          await notEnded(given, ttlMs, writtenMs);
          await sleep(ttlMs + 20);
          same((await store.metadata(name))?.ttlMs, longMs);
          await change(store, name, { append: [] });
          await sleep(ttlMs + 20);
          same((await store.metadata(name))?.ttlMs, longMs);
        });
      },
      'a shorter TTL given later': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          await sessionWithTtl(store, name, longMs);
          const writtenMs = performance.now();
          await change(store, name, { append: [], ttlMs });
          await notEnded(
            async () => (await change(store, name, {})).mark !== null,
            ttlMs,
            writtenMs,
          );
          await ended(() => isThere(store, name), ttlMs);
        });
      },
    },
    'expiry',
  ),
  ...promise(
    'A commit that is refused or repeated does not slide the expiry.',
    {
      'a repeated one': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          const epoch = await sessionWithTtl(store, name, ttlMs);
          const commit = { operationId: name, append: [], expect: { epoch } };
          await finds(store, name, commit);
          await endedDespite(() => finds(store, name, commit), ttlMs);
        });
      },
      'a conflict': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          const { mark } = await change(store, name, { append: [said('hello')], ttlMs });
          await append(store, name, 'world');
          const commit = { operationId: 'late', drop: 1, expect: mark ?? undefined };
          await endedDespite(() => finds(store, name, { ...commit, ttlMs: longMs }), ttlMs);
        });
      },
      'an operation id that was used': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          const epoch = await sessionWithTtl(store, name, ttlMs);
          await finds(store, name, { operationId: name, append: [], expect: { epoch } });
          const reuse = { operationId: name, append: [said('other')], expect: { epoch } };
          await endedDespite(() => finds(store, name, reuse), ttlMs);
        });
      },
      'a commit of another user': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          const commit = { append: [said('hello')], userId: 'ada', ttlMs };
          const { mark } = await change(store, name, commit);
          const expect = mark ?? undefined;
          const foreign = { operationId: 'foreign', drop: 1, expect, userId: 'bob', ttlMs: longMs };
          const isStillThere = async () => {
            await finds(store, name, foreign);
            return isThere(store, name);
          };
          await endedDespite(isStillThere, ttlMs);
        });
      },
    },
    'expiry',
  ),
  ...promise(
    'A session without a TTL does not end.',
    {
      'while others do': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          await sessionWithTtl(store, `before ${ttlMs}`, ttlMs);
          await store.create(name);
          await sessionWithTtl(store, `after ${ttlMs}`, ttlMs);
          await append(store, name, 'hello');
          await change(store, name, { drop: 'all', forgetOperations: true });
          await sessionWithTtl(store, `last ${ttlMs}`, ttlMs);
          await sleep(ttlMs + 20);
          same([await isThere(store, name), (await store.metadata(name))?.ttlMs], [true, null]);
          await sleep(ttlMs);
          same(await isThere(store, name), true, 'whether it is there');
        });
      },
      'though one of the same id did': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          await sessionWithTtl(store, name, ttlMs);
          await store.delete(name);
          await store.create(name);
          await sleep(ttlMs + 20);
          same(await isThere(store, name), true, 'whether it is there');
        });
      },
    },
    'expiry',
  ),
];
