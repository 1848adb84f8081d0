import { SessionError } from '@agent-sessions/session-core';
import type {
  Commit,
  CommitResult,
  ReadQuery,
  SessionAccess,
  SessionInit,
} from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken, type BrokenStore } from './broken-store.ts';

const neverMeet = 'Sessions with different ids never meet, however alike the ids are.';
const otherUser =
  'With a `userId`, a session of another user is not found, and never changed or deleted.';

/** Keeps sessions under other ids than those that it was given. */
function renaming(name: string, rename: (sessionId: string) => string): BrokenStore {
  const stored = (id: string) => (typeof id === 'string' && id.isWellFormed() ? rename(id) : id);
  return broken(
    name,
    neverMeet,
    class extends MemorySessionStore {
      override create(sessionId: string, init?: SessionInit) {
        return super.create(stored(sessionId), init);
      }
      override commit(sessionId: string, commit: Commit) {
        return super.commit(stored(sessionId), commit);
      }
      override read(sessionId: string, query?: ReadQuery) {
        return super.read(stored(sessionId), query);
      }
      override metadata(sessionId: string, access?: SessionAccess) {
        return super.metadata(stored(sessionId), access);
      }
      override delete(sessionId: string, access?: SessionAccess) {
        return super.delete(stored(sessionId), access);
      }
    },
  );
}

export const brokenIds = [
  renaming('ids are lower-cased', (id) => id.toLowerCase()),
  renaming('ids are trimmed', (id) => id.trim() || id),
  renaming('ids are normalised', (id) => id.normalize('NFC')),
  broken(
    'deleting takes the id for a pattern',
    neverMeet,
    class extends MemorySessionStore {
      override async delete(sessionId: string, access?: SessionAccess) {
        const deleted = await super.delete(sessionId, access);
        if (sessionId === '*') for await (const id of super.list()) await super.delete(id);
        return deleted;
      }
    },
  ),
  broken(
    'operation ids are those of all sessions',
    neverMeet,
    class extends MemorySessionStore {
      readonly #first = new Map<string, { sessionId: string; result: CommitResult }>();

      override async commit(sessionId: string, commit: Commit) {
        const first = this.#first.get(commit.operationId);
        if (first && first.sessionId !== sessionId) return { ...first.result, repeated: true };
        const result = await super.commit(sessionId, commit);
        this.#first.set(commit.operationId, { sessionId, result });
        return result;
      }
    },
  ),
];

export const brokenUsers = [
  broken(
    'everybody reads',
    otherUser,
    class extends MemorySessionStore {
      override async read(sessionId: string, query: ReadQuery = {}) {
        await super.read(sessionId, query);
        return super.read(sessionId, { ...query, userId: undefined });
      }
    },
  ),
  broken(
    'everybody sees the metadata',
    [
      otherUser,
      'With `claim` a session that has no user becomes that of `userId`, and is not found by others.',
    ],
    class extends MemorySessionStore {
      override async metadata(sessionId: string, access: SessionAccess = {}) {
        await super.metadata(sessionId, access);
        return super.metadata(sessionId);
      }
    },
  ),
  broken(
    'everybody deletes',
    otherUser,
    class extends MemorySessionStore {
      override async delete(sessionId: string, access: SessionAccess = {}) {
        await super.metadata(sessionId, access);
        return super.delete(sessionId);
      }
    },
  ),
  broken(
    'everybody adds',
    [
      otherUser,
      'With `claim` a session that has no user becomes that of `userId`, and is not found by others.',
    ],
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          const isForeign = error instanceof SessionError && error.code === 'session_not_found';
          if (!isForeign || commit.expect !== undefined || !commit.append) throw error;
          return super.commit(sessionId, { ...commit, userId: undefined, claim: false });
        }
      }
    },
  ),
  broken(
    'a session of nobody is everybody’s',
    otherUser,
    class extends MemorySessionStore {
      override async read(sessionId: string, query: ReadQuery = {}) {
        const found = await super.read(sessionId, query);
        const isOwned = (await super.metadata(sessionId))?.userId;
        return isOwned ? found : super.read(sessionId, { ...query, userId: undefined });
      }
    },
  ),
];
