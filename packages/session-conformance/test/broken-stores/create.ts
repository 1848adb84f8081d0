import { SessionError } from '@agent-sessions/session-core';
import type { SessionInit } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken } from './broken-store.ts';

const leaves = 'Creating a session that exists answers `created: false` and leaves it as it is.';

export const brokenCreate = [
  broken(
    'creating answers a mark of a message that is not there',
    [
      'Creating a session answers `created: true` and the mark of an empty history.',
      'A mark names the same history from whichever read or commit it comes.',
    ],
    class extends MemorySessionStore {
      override async create(sessionId: string, init?: SessionInit) {
        const { created, mark } = await super.create(sessionId, init);
        return { created, mark: created ? { ...mark, lastId: 'none' } : mark };
      }
    },
  ),
  broken(
    'creating always says that it did',
    leaves,
    class extends MemorySessionStore {
      override async create(sessionId: string, init?: SessionInit) {
        return { ...(await super.create(sessionId, init)), created: true };
      }
    },
  ),
  broken(
    'creating begins anew',
    [
      leaves,
      'A session that is created with `imported` has those times; one that exists keeps its own.',
    ],
    class extends MemorySessionStore {
      override async create(sessionId: string, init?: SessionInit) {
        const { created, mark } = await super.create(sessionId, init);
        if (created) return { created, mark };
        await super.delete(sessionId);
        return { ...(await super.create(sessionId, init)), created: false };
      }
    },
  ),
  broken(
    'creating gives a session that exists its TTL',
    leaves,
    class extends MemorySessionStore {
      override async create(sessionId: string, init?: SessionInit) {
        const result = await super.create(sessionId, init);
        if (!result.created && init?.ttlMs !== undefined) {
          const operationId = `create ${Math.random()}`;
          await super.commit(sessionId, { operationId, ttlMs: init.ttlMs });
        }
        return result;
      }
    },
  ),
  broken(
    'creating tells of a session of another user',
    'Creating a session that belongs to another user is `session_not_found`.',
    class extends MemorySessionStore {
      override async create(sessionId: string, init?: SessionInit) {
        try {
          return await super.create(sessionId, init);
        } catch (error) {
          const isForeign = error instanceof SessionError && error.code === 'session_not_found';
          if (!isForeign) throw error;
          return super.create(sessionId);
        }
      }
    },
  ),
];
