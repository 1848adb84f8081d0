import {
  checkSessionsQuery,
  comparePagePositions,
  cursorAfter,
} from '@agent-sessions/session-core';
import type {
  CheckedSessionsQuery,
  SessionsPage,
  SessionsQuery,
  SessionSummary,
} from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken, type BrokenStore } from './broken-store.ts';

const eachOnce =
  'Each session of the user that is left alone while pages are read is on one page, once.';
const noOthers = 'No session of another user, of nobody, or that is gone is on a page.';
const inOrder =
  'Sessions come by the time of the last write, newest first, and by their ids where it is the same.';
const answered =
  'The answer has the metadata of each session, and of the named values those that are asked for.';
const goesOn =
  'With `after` a page begins where the one before ended, whatever became of the sessions on it.';
const ends = 'The last page says so: its `next` is `null`.';
const deleted = 'A deleted session has no values and no usage, and is on no page.';

type Page = (query: SessionsQuery) => Promise<SessionsPage>;

/** Pages in another way, after what is bad was refused. */
function paging(
  name: string,
  breaks: string | readonly string[],
  instead: (query: SessionsQuery, page: Page, store: MemorySessionStore) => Promise<SessionsPage>,
): BrokenStore {
  return broken(
    name,
    breaks,
    class extends MemorySessionStore {
      override async sessions(query: SessionsQuery) {
        checkSessionsQuery(query);
        return instead(query, (other) => super.sessions(other), this);
      }
    },
  );
}

/** A page of sessions in whatever order. */
function pageOf(
  sessions: readonly SessionSummary[],
  { after, limit }: Pick<CheckedSessionsQuery, 'after' | 'limit'>,
): SessionsPage {
  const rest = sessions
    .filter((each) => after === undefined || comparePagePositions(each, after) > 0)
    .toSorted(comparePagePositions);
  const last = rest[limit - 1];
  const next = last && rest.length > limit ? cursorAfter(last) : null;
  return { sessions: rest.slice(0, limit), next };
}

async function all(page: Page, query: SessionsQuery): Promise<readonly SessionSummary[]> {
  const { sessions } = await page({ ...query, limit: 1000, after: undefined });
  return sessions;
}

export const brokenPages = [
  paging('pages are counted from the beginning', [eachOnce, goesOn], async (query, page) => {
    const sessions = await all(page, query);
    const { limit, after } = checkSessionsQuery(query);
    const from = after?.updatedAtMs ?? 0;
    const updatedAtMs = from + limit;
    const next = updatedAtMs < sessions.length ? { updatedAtMs, sessionId: 'none' } : null;
    return { sessions: sessions.slice(from, updatedAtMs), next: next && cursorAfter(next) };
  }),
  paging(
    'of one millisecond a page has what fits',
    [eachOnce, inOrder, goesOn],
    async (query, page) => {
      const sessions = await all(page, query);
      const { limit, after } = checkSessionsQuery(query);
      const rest = sessions.filter(({ updatedAtMs }) => !after || updatedAtMs < after.updatedAtMs);
      return pageOf(rest, { limit, after: undefined });
    },
  ),
  paging('a cursor is looked up by its session', goesOn, async (query, page) => {
    const sessions = await all(page, query);
    const { limit, after } = checkSessionsQuery(query);
    const at = sessions.findIndex(({ sessionId }) => sessionId === after?.sessionId);
    const part = sessions.slice(at + 1, at + 1 + limit);
    const last = part.at(-1);
    const isLast = at + 1 + limit >= sessions.length;
    return { sessions: part, next: last && !isLast ? cursorAfter(last) : null };
  }),
  paging('only 100 sessions of a user are known', eachOnce, async (query, page) => {
    const sessions = await all(page, query);
    return pageOf(sessions.slice(0, 100), checkSessionsQuery(query));
  }),
  paging('the sessions of nobody are everybody’s', noOthers, async (query, page, store) => {
    const sessions = [...(await all(page, query))];
    for await (const sessionId of store.list()) {
      const metadata = await store.metadata(sessionId);
      if (metadata?.userId === null) sessions.push({ ...metadata, state: {} });
    }
    return pageOf(sessions, checkSessionsQuery(query));
  }),
  broken(
    'what was deleted or has another user is on a page once more',
    [noOthers, deleted, goesOn, ends, 'What one store has committed, every other reads.'],
    class extends MemorySessionStore {
      readonly #seen = new Map<string, SessionSummary>();

      override async sessions(query: SessionsQuery) {
        checkSessionsQuery(query);
        const sessions = await all((other) => super.sessions(other), query);
        const page = await super.sessions(query);
        const ids = new Set(sessions.map(({ sessionId }) => sessionId));
        const gone = [...this.#seen.values()].filter(
          ({ sessionId, userId }) => userId === query.userId && !ids.has(sessionId),
        );
        for (const summary of gone) this.#seen.delete(summary.sessionId);
        for (const summary of sessions) this.#seen.set(summary.sessionId, summary);
        return { ...page, sessions: [...page.sessions, ...gone] };
      }
      override async create(...args: Parameters<MemorySessionStore['create']>) {
        const result = await super.create(...args);
        await this.#see(args[0]);
        return result;
      }
      override async commit(...args: Parameters<MemorySessionStore['commit']>) {
        const result = await super.commit(...args);
        await this.#see(args[0]);
        return result;
      }

      async #see(sessionId: string): Promise<void> {
        const metadata = await super.metadata(sessionId);
        if (metadata?.userId) this.#seen.set(sessionId, { ...metadata, state: {} });
      }
    },
  ),
  paging(
    'sessions come by the time of their creation',
    [inOrder, eachOnce, goesOn, answered],
    async (query, page) => {
      const sessions = await all(page, query);
      const byCreation = sessions.map((each) => ({ ...each, updatedAtMs: each.createdAtMs }));
      return pageOf(byCreation, checkSessionsQuery(query));
    },
  ),
  paging('ids of one millisecond come in any order', inOrder, async (query, page) => {
    const result = await page(query);
    const times = new Set(result.sessions.map(({ updatedAtMs }) => updatedAtMs));
    return times.size === 1 ? { ...result, sessions: result.sessions.toReversed() } : result;
  }),
  paging('all values are shown', answered, (query, page) =>
    page({ ...query, state: ['title', 'tags', 'secret', 'b'] }),
  ),
  paging('no values are shown', answered, (query, page) => page({ ...query, state: [] })),
  paging('the metadata lacks the agents', answered, async (query, page) => {
    const result = await page(query);
    return { ...result, sessions: result.sessions.map((each) => ({ ...each, agentsUsed: [] })) };
  }),
  paging('a full page has a next one', ends, async (query, page) => {
    const result = await page(query);
    const last = result.sessions.at(-1);
    const isFull = result.sessions.length === checkSessionsQuery(query).limit;
    return { ...result, next: last && isFull ? cursorAfter(last) : result.next };
  }),
  broken(
    'a cursor that cannot be read begins anew',
    'Bad input is refused before anything is written, and the error names the field.',
    class extends MemorySessionStore {
      override async sessions(query: SessionsQuery) {
        try {
          return await super.sessions(query);
        } catch (error) {
          if (!(error instanceof RangeError) || !String(error).includes('after')) throw error;
          return super.sessions({ ...query, after: undefined });
        }
      }
    },
  ),
];
