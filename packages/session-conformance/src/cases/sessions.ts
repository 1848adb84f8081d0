import assert from 'node:assert/strict';

import type {
  SessionMetadata,
  SessionsPage,
  SessionsQuery,
  SessionStore,
  SessionSummary,
} from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, known, said, times, valuesOf } from '../session.ts';
import { ended, longMs, sleep, withTtl } from '../time-to-live.ts';

const userId = 'ada';
/** More than any case has. */
const maxPages = 1000;

/** Creates a session of Ada that was written to at this time. */
async function writtenAt(store: SessionStore, id: string, updatedAtMs: number): Promise<void> {
  await store.create(id, { userId, imported: { createdAtMs: 1e12, updatedAtMs } });
}

function idsOf({ sessions }: SessionsPage): string[] {
  return sessions.map(({ sessionId }) => sessionId);
}

/** The ids on all pages, and what is done between one page and the next. */
async function allPages(
  store: SessionStore,
  query: Omit<SessionsQuery, 'userId'> & { readonly userId?: string } = {},
  between: (page: SessionsPage) => Promise<unknown> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const page = await store.sessions({ userId, ...query, after });
    ids.push(...idsOf(page));
    if (page.next === null) return ids;
    after = page.next;
    await between(page);
  }
  return assert.fail(`after ${maxPages} pages there is a next one`);
}

/** Ids of sessions that were written to one after the other, the newest first. */
async function inTurns(store: SessionStore, count: number): Promise<string[]> {
  const ids = times(count, (index) => `session ${index}`);
  for (const [index, id] of ids.entries()) await writtenAt(store, id, 1.7e12 + index);
  return ids.toReversed();
}

const eachOnce = promise(
  'Each session of the user that is left alone while pages are read is on one page, once.',
  {
    'pages of every length': async ({ store }) => {
      const ids = await inTurns(store, 23);
      for (const limit of [1, 2, 7, 11, 22, 23, 24, 1000, undefined]) {
        same(await allPages(store, { limit }), ids, `pages of ${limit}`);
      }
    },
    'a page has 20 where no number is given': async ({ store }) => {
      const ids = await inTurns(store, 21);
      same(idsOf(await store.sessions({ userId })), ids.slice(0, 20));
    },
    'hundreds of one millisecond': async ({ store }) => {
      const ids = times(600, (index) => `session ${index}`);
      await Promise.all(ids.map((id) => writtenAt(store, id, 1.7e12)));
      for (const limit of [97, 300]) {
        same((await allPages(store, { limit })).toSorted(), ids.toSorted());
      }
    },
    'while others are written to, made and deleted': async ({ store }) => {
      const ids = await inTurns(store, 40);
      const busy = new Set(ids.filter((_, index) => index % 3 === 0));
      const going = ids.filter((_, index) => index % 3 === 1);
      const doomed = new Set(going);
      let made = 0;
      const found = await allPages(store, { limit: 4 }, async ({ sessions }) => {
        const last = sessions.at(-1)?.sessionId ?? '';
        for (const id of busy) if (id !== last) await append(store, id, 'again');
        for (const id of going.splice(0, 3)) await store.delete(id);
        await append(store, `made ${(made += 1)}`, 'hello');
        await change(store, `theirs ${made}`, { append: [said('hello')], userId });
      });
      const alone = ids.filter((id) => !busy.has(id) && !doomed.has(id));
      same(
        found.filter((id) => alone.includes(id)),
        alone,
        'those that were left alone',
      );
    },
    'whoever committed finds the session': async ({ store }) => {
      for (const index of times(10, (each) => each)) {
        await change(store, `session ${index}`, { append: [said('hello')], userId });
        const { sessions } = await store.sessions({ userId, limit: 1000 });
        same(sessions.length, index + 1, 'the number of sessions');
      }
      await store.create('created', { userId });
      same((await allPages(store)).includes('created'), true);
    },
  },
  'sessions',
);

/** Users and ids that a store may take for others, or for a part of its own keys. */
const hostile = [
  ...['a', 'a:b', 'b', 's:', 's:a', 's:a:', ':', '::', '{a}', '{}', '{', '}', '%', '%3A', '%25'],
  ...['\u0000', 'a\u0000', '*', 'a*', '?', '[a]', '\\', '"', "'", ' ', 'ä', 'a\u0308', '\u{1f642}'],
  ...['__proto__', 'constructor', '0', '00', 'null', 'x'.repeat(512)],
];

const idsAlike = promise(
  'Sessions with different ids never meet, however alike the ids are.',
  {
    'on pages': async ({ store }) => {
      for (const id of hostile) await store.create(id, { userId });
      const ids = new Set<string>();
      for (const { sessionId } of (await store.sessions({ userId, limit: 1000 })).sessions) {
        ids.add(sessionId);
      }
      same([...ids].toSorted(), hostile.toSorted());
    },
  },
  'sessions',
);

const noOthers = [
  ...promise(
    'No session of another user, of nobody, or that is gone is on a page.',
    {
      'users whose names are alike': async ({ store }) => {
        for (const [index, user] of hostile.entries()) {
          await store.create(`session ${index}`, { userId: user });
        }
        for (const [index, user] of hostile.entries()) {
          same(await allPages(store, { userId: user }), [`session ${index}`]);
        }
      },
      'of nobody': async ({ store, id }) => {
        await append(store, id, 'hello');
        for (const user of [userId, 'null', 'undefined', '*', 'nobody']) {
          same(await allPages(store, { userId: user }), []);
        }
      },
      'one that was deleted, and is of another by now': async ({ store, id }) => {
        await change(store, id, { append: [said('hello')], userId });
        await change(store, 'kept', { append: [said('hello')], userId });
        await store.delete(id);
        same(await allPages(store), ['kept']);
        await change(store, id, { append: [said('hello')], userId: 'bob' });
        same([await allPages(store), await allPages(store, { userId: 'bob' })], [['kept'], [id]]);
        await store.delete(id);
        await append(store, id, 'hello');
        same([await allPages(store), await allPages(store, { userId: 'bob' })], [['kept'], []]);
      },
      'many that were deleted': async ({ store }) => {
        const ids = await inTurns(store, 60);
        await Promise.all(ids.slice(0, 50).map((id) => store.delete(id)));
        same(await allPages(store, { limit: 3 }), ids.slice(50));
      },
    },
    'sessions',
  ),
  ...promise(
    'No session of another user, of nobody, or that is gone is on a page.',
    {
      'one that has ended': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const user = `ada ${ttlMs}`;
          await change(store, `${id} ${ttlMs}`, { append: [said('hello')], userId: user, ttlMs });
          await store.create(`kept ${ttlMs}`, { userId: user, ttlMs: longMs });
          const pages = () => allPages(store, { userId: user });
          await ended(async () => (await pages()).length !== 1, ttlMs);
          same(await pages(), [`kept ${ttlMs}`]);
        });
      },
    },
    ['sessions', 'expiry'],
  ),
  ...promise(
    'A deleted session has no values and no usage, and is on no page.',
    {
      'on no page': async ({ store }) => {
        const [first = '', second = '', third = ''] = await inTurns(store, 3);
        await store.delete(second);
        same(await allPages(store), [first, third]);
        await store.delete(first, { userId });
        await store.delete(third);
        same(await allPages(store), []);
      },
    },
    'sessions',
  ),
];

const inOrder = promise(
  'Sessions come by the time of the last write, newest first, and by their ids where it is the same.',
  {
    'as they were written to': async ({ store }) => {
      const ids = times(6, (index) => `session ${index}`);
      for (const id of [...ids, ...ids.slice(2, 4)]) {
        await sleep(3);
        await change(store, id, { append: [said('hello')], userId });
      }
      const order = [3, 2, 5, 4, 1, 0].map((index) => `session ${index}`);
      same(await allPages(store), order);
    },
    'by the time that the metadata has': async ({ store }) => {
      for (const [index, updatedAtMs] of [5, 3, 9, 1, 7].entries()) {
        await writtenAt(store, `session ${index}`, 1.6e12 + updatedAtMs);
      }
      const order = [2, 4, 0, 1, 3].map((index) => `session ${index}`);
      same(await allPages(store, { limit: 2 }), order);
    },
    'of the same time the last of the ids first, byte by byte': async ({ store }) => {
      const ids = ['b', 'a', 'ab', 'a b', 'é', 'z', '\uffff', '\u{1f642}', '10', '9', 'a\u0000'];
      for (const id of ids) await writtenAt(store, id, 1.7e12);
      const bytes = (id: string) => Buffer.from(id);
      const order = ids.toSorted((one, other) => Buffer.compare(bytes(other), bytes(one)));
      same(await allPages(store), order);
      same(await allPages(store, { limit: 1 }), order);
    },
  },
  'sessions',
);

const renaming = promise(
  'Sessions come by the time of the last write, newest first, and by their ids where it is the same.',
  {
    'a rename keeps the order': async ({ store }) => {
      const ids = await inTurns(store, 5);
      await sleep(2);
      for (const id of [ids[4] ?? '', ids[2] ?? '']) {
        await change(store, id, { state: { title: 'renamed' }, userId });
        await change(store, id, { usage: { requests: 1 } });
      }
      same(await allPages(store, { limit: 2 }), ids);
    },
  },
  ['sessions', 'state'],
);

const membersOf = ({ usage: _1, ...metadata }: SessionMetadata) =>
  Object.entries(metadata)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .toSorted();

const answering = [
  ...promise(
    'The answer has the metadata of each session, and of the named values those that are asked for.',
    {
      'the metadata': async ({ store, id }) => {
        const message = { ...said('hello'), tokens: 3 };
        await change(store, id, { append: [message], agent: 'helper', userId, ttlMs: longMs });
        // So that the times differ.
        await sleep(5);
        await change(store, id, { append: [message, message] });
        const { sessions } = await store.sessions({ userId });
        const { state, ...metadata } = known(sessions[0], 'the session');
        same(state, {});
        same(membersOf(metadata), membersOf(known(await store.metadata(id), 'the metadata')));
      },
    },
    'sessions',
  ),
  ...promise(
    'The answer has the metadata of each session, and of the named values those that are asked for.',
    {
      'the values and the usage': async ({ store, id }) => {
        const state = { title: 'a', tags: [{ z: 1, a: -0 }], secret: 'not asked for' };
        const usage = { requests: 2, totalTokens: 9 };
        await change(store, id, { append: [said('hello')], userId, state });
        await change(store, id, { usage });
        await change(store, 'other', { append: [said('hello')], userId, state: { title: 'b' } });
        const shown = async (...names: string[]) => {
          const page = await store.sessions({ userId, state: names });
          const summary = page.sessions.find(({ sessionId }) => sessionId === id);
          return known(summary, 'the session');
        };
        same((await shown()).state, {});
        same((await shown('title')).state, { title: 'a' });
        same((await shown('tags', 'constructor', 'none')).state, { tags: [{ z: 1, a: -0 }] });
        same((await shown('title', 'title')).state, { title: 'a' });
        const { usage: found } = await shown();
        same([found.requests, found.totalTokens, found.inputTokens], [2, 9, 0]);
      },
      'as they are set and removed': async ({ store, id }) => {
        const title = async (): Promise<unknown> => {
          const { sessions } = await store.sessions({ userId, state: ['title'] });
          return sessions.map((summary: SessionSummary) => summary.state);
        };
        await store.create(id, { userId });
        same(await title(), [{}]);
        await change(store, id, { state: { title: 'a' } });
        same(await title(), [{ title: 'a' }]);
        await change(store, id, { append: [said('hello')], state: { title: null, b: 1 } });
        same([await title(), await valuesOf(store, id)], [[{}], { b: 1 }]);
      },
    },
    ['sessions', 'state'],
  ),
];

const goingOn = promise(
  'With `after` a page begins where the one before ended, whatever became of the sessions on it.',
  {
    'the last one was deleted': async ({ store }) => {
      const ids = await inTurns(store, 9);
      const deleting = async ({ sessions }: SessionsPage) => {
        await store.delete(sessions.at(-1)?.sessionId ?? '');
      };
      same(await allPages(store, { limit: 3 }, deleting), ids);
    },
    'all of them were deleted': async ({ store }) => {
      const ids = await inTurns(store, 9);
      const deleting = async (page: SessionsPage) => {
        for (const id of idsOf(page)) await store.delete(id);
      };
      same(await allPages(store, { limit: 3 }, deleting), ids);
    },
    'the last one has moved up': async ({ store }) => {
      const ids = await inTurns(store, 9);
      const writing = async ({ sessions }: SessionsPage) => {
        await append(store, sessions.at(-1)?.sessionId ?? '', 'again');
      };
      same(await allPages(store, { limit: 3 }, writing), ids);
    },
    'of one millisecond, the last one was deleted': async ({ store }) => {
      const ids = times(30, (index) => `session ${index}`);
      for (const id of ids) await writtenAt(store, id, 1.7e12);
      const deleting = async ({ sessions }: SessionsPage) => {
        await store.delete(sessions.at(-1)?.sessionId ?? '');
      };
      same((await allPages(store, { limit: 4 }, deleting)).toSorted(), ids.toSorted());
    },
    'others came before it': async ({ store }) => {
      const ids = await inTurns(store, 9);
      const making = async ({ next }: SessionsPage) => {
        await change(store, `made at ${next}`, { append: [said('hello')], userId });
      };
      same(await allPages(store, { limit: 2 }, making), ids);
    },
    'with another limit, and as often as one likes': async ({ store }) => {
      const ids = await inTurns(store, 12);
      const { next } = await store.sessions({ userId, limit: 3 });
      for (const limit of [1, 4, 9, 100]) {
        const page = await store.sessions({ userId, limit, after: next ?? '' });
        same(idsOf(page), ids.slice(3, 3 + limit));
      }
    },
    'nothing comes after it any more': async ({ store }) => {
      const ids = await inTurns(store, 4);
      const { next } = await store.sessions({ userId, limit: 2 });
      for (const id of ids.slice(2)) await store.delete(id);
      const page = await store.sessions({ userId, limit: 2, after: next ?? '' });
      same([idsOf(page), page.next], [[], null]);
    },
  },
  'sessions',
);

const ending = promise(
  'The last page says so: its `next` is `null`.',
  {
    'none, fewer, as many and more': async ({ store }) => {
      same(await store.sessions({ userId }), { sessions: [], next: null });
      const ids = await inTurns(store, 6);
      for (const limit of [3, 5, 6, 7]) {
        let pages = 1;
        await allPages(store, { limit }, async () => (pages += 1));
        same(pages, Math.ceil(ids.length / limit), `pages of ${limit}`);
      }
    },
    'where what comes after it was deleted': async ({ store }) => {
      const ids = await inTurns(store, 8);
      for (const id of ids.slice(4)) await store.delete(id);
      const { next, sessions } = await store.sessions({ userId, limit: 4 });
      same([sessions.length, next], [4, null]);
    },
  },
  'sessions',
);

const importing = promise(
  'A session that is created with `imported` has those times; one that exists keeps its own.',
  {
    'created with nothing in it': async ({ store, id }) => {
      const imported = { createdAtMs: 1.1e12, updatedAtMs: 1.2e12 };
      await store.create(id, { imported });
      same(await timesOf(store, id), imported);
      await append(store, id, 'hello');
      const { createdAtMs, updatedAtMs } = await timesOf(store, id);
      same([createdAtMs, updatedAtMs > 1.2e12], [1.1e12, true]);
    },
    'created by a commit': async ({ store, id }) => {
      const imported = { createdAtMs: -5, updatedAtMs: 1_234_567_890_123 };
      await change(store, id, { append: [said('hello')], agent: 'helper', imported });
      same(await timesOf(store, id), imported);
    },
    'one that exists': async ({ store, id }) => {
      const imported = { createdAtMs: 1.1e12, updatedAtMs: 1.2e12 };
      await store.create(id);
      const { createdAtMs } = await timesOf(store, id);
      await store.create(id, { imported });
      for (const _ of times(2, String)) {
        await change(store, id, { append: [said('hello')], imported });
        const found = await timesOf(store, id);
        same([found.createdAtMs, found.updatedAtMs >= createdAtMs], [createdAtMs, true]);
      }
    },
  },
  'sessions',
);

const importingWithTtl = promise(
  'A session that is created with `imported` has those times; one that exists keeps its own.',
  {
    'its TTL begins with the import': async ({ store, id }) => {
      const imported = { createdAtMs: 1.1e12, updatedAtMs: 1.2e12 };
      await store.create(id, { imported, ttlMs: longMs });
      await change(store, 'other', { append: [said('hello')], imported, ttlMs: longMs });
      same([await timesOf(store, id), await timesOf(store, 'other')], [imported, imported]);
    },
  },
  ['sessions', 'expiry'],
);

async function timesOf(store: SessionStore, id: string) {
  const { createdAtMs, updatedAtMs } = known(await store.metadata(id), 'the metadata');
  return { createdAtMs, updatedAtMs };
}

export const sessionsCases = [
  ...eachOnce,
  ...idsAlike,
  ...noOthers,
  ...inOrder,
  ...renaming,
  ...answering,
  ...goingOn,
  ...ending,
  ...importing,
  ...importingWithTtl,
];
