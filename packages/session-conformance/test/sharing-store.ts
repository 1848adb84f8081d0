import type {
  Commit,
  CommitResult,
  CreateResult,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionInit,
  SessionMetadata,
  SessionStore,
  SessionStoreCapabilities,
} from '@agent-sessions/session-core';
import type { MemorySessionStore } from '@agent-sessions/session-memory';

/** Keeps every promise: stores that share one memory, as processes share a database. */
export class SharingStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities = {
    durable: true,
    sharedWriters: true,
    expiry: true,
  };
  protected readonly memory: MemorySessionStore;

  constructor(memory: MemorySessionStore) {
    this.memory = memory;
  }

  create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    return this.memory.create(sessionId, init);
  }

  commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    return this.memory.commit(sessionId, commit);
  }

  read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    return this.memory.read(sessionId, query);
  }

  metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    return this.memory.metadata(sessionId, access);
  }

  delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    return this.memory.delete(sessionId, access);
  }

  list(access?: SessionAccess): AsyncIterable<string> {
    return this.memory.list(access);
  }

  async close(): Promise<void> {}
}
