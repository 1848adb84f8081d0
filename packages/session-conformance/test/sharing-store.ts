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
  SessionsPage,
  SessionsQuery,
  SessionStore,
  SessionStoreCapabilities,
  StateQuery,
  StateValue,
} from '@agent-sessions/session-core';
import type { MemorySessionStore } from '@agent-sessions/session-memory';

export const allCapabilities: SessionStoreCapabilities = {
  durable: true,
  sharedWriters: true,
  expiry: true,
  state: true,
  sessions: true,
};

/** Keeps every promise: stores that share one memory, as processes share a database. */
export class SharingStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities = allCapabilities;
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

  async state(
    sessionId: string,
    query?: StateQuery,
  ): Promise<Readonly<Record<string, StateValue>>> {
    return this.memory.state(sessionId, query);
  }

  async sessions(query: SessionsQuery): Promise<SessionsPage> {
    return this.memory.sessions(query);
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
