import { SessionError } from '@agent-sessions/session-core';
import type { Commit, ReadQuery, SessionInit } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken } from './broken-store.ts';

const badInput = 'Bad input is refused before anything is written, and the error names the field.';

export const brokenBadInput = [
  broken(
    'a limit of NaN reads all',
    badInput,
    class extends MemorySessionStore {
      override read(sessionId: string, query: ReadQuery = {}) {
        const last = Number.isNaN(query.last) ? undefined : query.last;
        return super.read(sessionId, { ...query, last });
      }
    },
  ),
  broken(
    'the good messages before a bad one are kept',
    badInput,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          if (error instanceof SessionError && error.code === 'unstorable_value') {
            await super.commit(sessionId, { ...commit, append: commit.append?.slice(0, 1) });
          }
          throw error;
        }
      }
    },
  ),
  broken(
    'the error names no field',
    badInput,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          if (error instanceof TypeError) Object.assign(error, { field: undefined });
          throw error;
        }
      }
    },
  ),
  broken(
    'a TTL of 0 is none',
    badInput,
    class extends MemorySessionStore {
      override create(sessionId: string, init: SessionInit = {}) {
        return super.create(sessionId, init.ttlMs === 0 ? { ...init, ttlMs: undefined } : init);
      }
    },
  ),
];
