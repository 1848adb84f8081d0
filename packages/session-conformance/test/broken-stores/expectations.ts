import { randomUUID } from 'node:crypto';

import { SessionError } from '@agent-sessions/session-core';
import type { Commit, SessionMark } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken, type BrokenStore } from './broken-store.ts';

const conflicts =
  'A mark in `expect` that is no longer the newest is a `conflict` and nothing changes.';
const together = 'Values and messages of one commit are there together or not at all.';
const notFound =
  'A mark or an epoch in `expect` of a session that is gone, or of one that had the same id before, is `session_not_found` and nothing changes.';
const exists = 'With `expect: null` a session that exists is a `conflict` and nothing changes.';

/** Expects something else than it was told; `now` is the session's mark, `null` for none. */
function expecting(
  name: string,
  breaks: string | readonly string[],
  instead: (expect: SessionMark, now: SessionMark | null, commit: Commit) => Commit['expect'],
): BrokenStore {
  return broken(
    name,
    breaks,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const { expect } = commit;
        if (!isMark(expect) || typeof sessionId !== 'string' || sessionId === '') {
          return super.commit(sessionId, commit);
        }
        const { mark } = await super.read(sessionId, { last: 0 });
        return super.commit(sessionId, { ...commit, expect: instead(expect, mark, commit) });
      }
    },
  );
}

function isMark(expect: Commit['expect']): expect is SessionMark {
  return typeof expect === 'object' && expect !== null && 'lastId' in expect && expect.length >= 0;
}

export const brokenExpectations = [
  expecting(
    'an append to a history that grew is merged',
    [conflicts, together],
    (expect, now, commit) =>
      now?.generation === expect.generation && !commit.drop ? { epoch: expect.epoch } : expect,
  ),
  expecting('a mark counts by its length only', conflicts, (expect, now) =>
    now ? { ...expect, generation: now.generation } : expect,
  ),
  expecting('a mark of the former session counts', notFound, (expect, now) =>
    now ? { ...expect, epoch: now.epoch } : expect,
  ),
  expecting('a session that is gone is started anew', notFound, (expect, now) =>
    now ? expect : undefined,
  ),
  broken(
    'a conflict leaves its agent behind',
    conflicts,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          const { agent, expect } = commit;
          const isConflict = error instanceof SessionError && error.code === 'conflict';
          if (isConflict && expect && agent) {
            await super.commit(sessionId, { operationId: randomUUID(), agent });
          }
          throw error;
        }
      }
    },
  ),
  broken(
    'an empty session counts as none',
    exists,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        if (commit.expect !== null) return super.commit(sessionId, commit);
        const { mark } = await super.read(sessionId, { last: 0 });
        const expect = mark?.length === 0 ? undefined : null;
        return super.commit(sessionId, { ...commit, expect });
      }
    },
  ),
];
