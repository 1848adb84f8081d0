import type { Commit, ReadQuery, SessionAccess } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken } from './broken-store.ts';

const sentence = 'A call with an aborted `signal` does nothing and is `aborted`.';

export const brokenSignals = [
  broken(
    'reading goes on',
    sentence,
    class extends MemorySessionStore {
      override read(sessionId: string, query: ReadQuery = {}) {
        return super.read(sessionId, { ...query, signal: undefined });
      }
    },
  ),
  broken(
    'deleting fails, but is done',
    sentence,
    class extends MemorySessionStore {
      override async delete(sessionId: string, access: SessionAccess = {}) {
        if (access.signal?.aborted) await super.delete(sessionId, { userId: access.userId });
        return super.delete(sessionId, access);
      }
    },
  ),
  broken(
    'committing fails, but is done',
    sentence,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const { signal, ...rest } = commit;
        if (signal?.aborted) await super.commit(sessionId, rest);
        return super.commit(sessionId, commit);
      }
    },
  ),
  broken(
    'listing goes on',
    sentence,
    class extends MemorySessionStore {
      override list({ userId }: SessionAccess = {}) {
        return super.list({ userId });
      }
    },
  ),
];
