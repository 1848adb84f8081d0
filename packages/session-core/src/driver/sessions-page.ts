import { outOfRange, wrongType } from '../contract/errors.ts';
import type { SessionsPage, SessionsQuery } from '../contract/store.ts';
import { checkCount, checkName, checkTime } from './checks.ts';
import { checkSignal, checkStateNames } from './contract-arguments.ts';
import type { SessionState } from './session-state.schema.ts';
import { summaryOf } from './session-state.ts';

/** Where a page ended: the session that was its last, at the time of its last write. */
export interface PagePosition {
  readonly updatedAtMs: number;
  readonly sessionId: string;
}

/** A {@link SessionsQuery} as a driver gets it. */
export interface CheckedSessionsQuery {
  readonly userId: string;
  readonly limit: number;
  /** The page holds what comes after this; `undefined` for the first one. */
  readonly after: PagePosition | undefined;
  /** Each once. */
  readonly state: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** @throws TypeError or RangeError `invalid_argument` */
export function checkSessionsQuery(query: SessionsQuery): CheckedSessionsQuery {
  if (typeof query !== 'object' || query === null) {
    throw wrongType('query', 'must be an object with the userId whose sessions are wanted.');
  }
  const { userId, limit = 20, after, state = [], signal } = query;
  checkSignal(signal);
  if (checkCount('limit', limit, 1000) === 0) throw outOfRange('limit', 'must be 1 to 1000.');
  return {
    userId: checkName('userId', userId),
    limit,
    after: after === undefined ? undefined : parseCursor(after),
    state: checkStateNames('state', state),
    signal,
  };
}

/** The cursor of a page whose last session this is. */
export function cursorAfter({ updatedAtMs, sessionId }: PagePosition): string {
  return Buffer.from(JSON.stringify([updatedAtMs, sessionId])).toString('base64url');
}

function parseCursor(cursor: string): PagePosition {
  if (typeof cursor !== 'string') throw wrongType('after', 'must be the `next` of a page.');
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const list: readonly unknown[] = Array.isArray(position) ? position : [];
    const [updatedAtMs, sessionId] = list;
    if (typeof updatedAtMs === 'number' && typeof sessionId === 'string') {
      const found = {
        updatedAtMs: checkTime('after', updatedAtMs),
        sessionId: checkName('after', sessionId),
      };
      if (cursorAfter(found) === cursor) return found;
    }
  } catch {
    // Refused below, in the words for any other text.
  }
  throw outOfRange('after', 'must be the `next` of a page, as it was answered.');
}

/**
 * The order of sessions on pages: newest first, then by the bytes of their ids.
 *
 * @returns below 0 where the first comes before the second
 */
export function comparePagePositions(one: PagePosition, other: PagePosition): number {
  if (one.updatedAtMs !== other.updatedAtMs) return other.updatedAtMs - one.updatedAtMs;
  return Buffer.compare(Buffer.from(other.sessionId), Buffer.from(one.sessionId));
}

/**
 * A page of sessions, for a driver that has them at hand: sorts them, and cuts the page.
 *
 * @param states - the sessions of the user, in any order: all, or one more than the page has room for
 */
export function pageOfSessions(
  states: readonly SessionState[],
  { after, limit, state: names }: CheckedSessionsQuery,
): SessionsPage {
  const rest = states
    .filter(({ metadata }) => after === undefined || comparePagePositions(metadata, after) > 0)
    .toSorted((one, other) => comparePagePositions(one.metadata, other.metadata));
  const sessions = rest.slice(0, limit).map((each) => summaryOf(each, names));
  const last = sessions.at(-1);
  return { sessions, next: last && rest.length > limit ? cursorAfter(last) : null };
}
