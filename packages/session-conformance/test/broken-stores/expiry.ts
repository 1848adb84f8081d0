import { randomUUID } from 'node:crypto';

import { checkInit, SessionError } from '@agent-sessions/session-core';
import type { Commit, ReadQuery, SessionAccess, SessionInit } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken, detached } from './broken-store.ts';

const ends = 'A session ends when its TTL has passed since its last write.';
const slides =
  'Every commit but those beside the history, and no read, slides the expiry, by the TTL that the session was given last.';
const stands = 'A commit that is refused or repeated does not slide the expiry.';

/** Can write to a session without changing it, which slides its expiry. */
class Sliding extends MemorySessionStore {
  protected async ttlOf(sessionId: string): Promise<number | null> {
    return (await super.metadata(sessionId))?.ttlMs ?? null;
  }

  protected async slide(sessionId: string): Promise<void> {
    if (await this.ttlOf(sessionId)) {
      await super.commit(sessionId, { operationId: randomUUID(), drop: 0 });
    }
  }
}

export const brokenExpiry = [
  broken(
    'the TTL of a creation is ignored',
    ends,
    class extends MemorySessionStore {
      override async create(sessionId: string, init: SessionInit = {}) {
        const { ttlMs, ...rest } = init;
        checkInit(init);
        return super.create(sessionId, ttlMs && ttlMs < 10_000 ? rest : init);
      }
    },
  ),
  broken(
    'dropping all takes the TTL off',
    slides,
    class extends Sliding {
      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const isDropped = commit.drop === 'all' && (await this.ttlOf(sessionId));
        return super.commit(sessionId, isDropped ? { ...own, ttlMs: 1e14 } : own);
      }
    },
  ),
  broken(
    'reading slides',
    slides,
    class extends Sliding {
      override async read(sessionId: string, query?: ReadQuery) {
        const result = await super.read(sessionId, query);
        await this.slide(sessionId);
        return result;
      }
    },
  ),
  broken(
    'listing slides',
    slides,
    class extends Sliding {
      override async *list(access?: SessionAccess) {
        for await (const id of super.list(access)) {
          await this.slide(id);
          yield id;
        }
      }
    },
  ),
  broken(
    'commits do not slide',
    slides,
    class extends Sliding {
      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const ttl = await this.ttlOf(sessionId);
        if (own.ttlMs !== undefined || ttl === null) return super.commit(sessionId, own);
        const { updatedAtMs = 0 } = (await super.metadata(sessionId)) ?? {};
        const ttlMs = Math.max(updatedAtMs + ttl - Date.now(), 1);
        return super.commit(sessionId, { ...own, ttlMs });
      }
    },
  ),
  broken(
    'a TTL that is given later is ignored',
    slides,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const isThere = await super.metadata(sessionId);
        return super.commit(sessionId, isThere ? { ...own, ttlMs: undefined } : own);
      }
    },
  ),
  broken(
    'a conflict slides',
    stands,
    class extends Sliding {
      override async commit(sessionId: string, commit: Commit) {
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          const isConflict = error instanceof SessionError && error.code === 'conflict';
          if (isConflict) await this.slide(sessionId);
          throw error;
        }
      }
    },
  ),
  broken(
    'a repeated commit slides',
    stands,
    class extends Sliding {
      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        if (result.repeated) await this.slide(sessionId);
        return result;
      }
    },
  ),
  broken(
    'a commit of another user slides',
    stands,
    class extends Sliding {
      override async commit(sessionId: string, commit: Commit) {
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          const isRefused = error instanceof SessionError && error.code === 'session_not_found';
          if (isRefused && commit.userId) await this.slide(sessionId);
          throw error;
        }
      }
    },
  ),
  broken(
    'a session without a TTL gets that of another',
    'A session without a TTL does not end.',
    class extends Sliding {
      #lastMs: number | undefined;

      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const ttlMs = own.ttlMs ?? ((await this.ttlOf(sessionId)) ? undefined : this.#lastMs);
        const result = await super.commit(sessionId, { ...own, ttlMs });
        this.#lastMs = commit.ttlMs ?? this.#lastMs;
        return result;
      }
    },
  ),
];
