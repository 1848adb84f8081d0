import { storeClosed } from '@agent-sessions/session-core';
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
  readonly #memory: MemorySessionStore;
  #closed = false;

  constructor(memory: MemorySessionStore) {
    this.#memory = memory;
  }

  protected get memory(): MemorySessionStore {
    if (this.#closed) throw storeClosed();
    return this.#memory;
  }

  async create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    return this.memory.create(sessionId, init);
  }

  async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    return this.memory.commit(sessionId, commit);
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    return this.memory.read(sessionId, query);
  }

  async metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    return this.memory.metadata(sessionId, access);
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    return this.memory.delete(sessionId, access);
  }

  async *list(access?: SessionAccess): AsyncIterable<string> {
    yield* this.memory.list(access);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
