import type { SessionInit } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

/** Says of every session that it has created it. */
export class BoastingStore extends MemorySessionStore {
  override async create(sessionId: string, init?: SessionInit) {
    return { ...(await super.create(sessionId, init)), created: true };
  }
}
