import { checkQuery, newest, outOfRange, readResult } from '@agent-sessions/session-core';
import type {
  Commit,
  CommitResult,
  CreateResult,
  Message,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionInit,
  SessionMark,
  SessionMetadata,
  SessionsPage,
  SessionsQuery,
  SessionStore,
  SessionStoreCapabilities,
  StateQuery,
  StateValue,
} from '@agent-sessions/session-core';
import { LRUCache } from 'lru-cache';

import { copyMessage, memoryOf } from './message-memory.ts';

/** @see {@link CachingSessionStore} */
export interface CachingSessionStoreOptions {
  /**
   * How much memory the histories may take, in bytes, by an estimate of what V8 needs for them. Those
   * that were read longest ago make room; one that is larger alone is not kept.
   * @defaultValue 67,108,864, which is 64 MiB
   */
  readonly maxBytes?: number | undefined;
}

/** A whole history as it was read. Never changed, and never handed out: what is answered are copies. */
interface History {
  readonly mark: SessionMark;
  readonly messages: readonly Message[];
  readonly bytes: number;
}

/**
 * Keeps the histories that were read, around any store, so that a read of all asks only for what was
 * added since. It asks at every read, in the same round trip, who may read and whether history only
 * grew: what it answers is what the store beneath would have answered, never older.
 */
export class CachingSessionStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities;
  readonly #store: SessionStore;
  readonly #histories: LRUCache<string, History>;

  /**
   * @param store - keeps the sessions, and belongs to this store from now on
   * @throws RangeError `invalid_argument`
   */
  constructor(store: SessionStore, { maxBytes = 2 ** 26 }: CachingSessionStoreOptions = {}) {
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
      throw outOfRange('maxBytes', 'must be a whole number from 1.');
    }
    this.capabilities = store.capabilities;
    this.#store = store;
    this.#histories = new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ bytes }) => bytes });
  }

  create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    return this.#store.create(sessionId, init);
  }

  commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    return this.#store.commit(sessionId, commit);
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const checked = checkQuery(query);
    const { last, role, since, before, userId, signal } = checked;
    const known = this.#histories.get(sessionId);
    const isOfAll = last === undefined && role === undefined;
    if (since || before !== undefined || last === 0 || !(known || isOfAll)) {
      return this.#store.read(sessionId, query);
    }

    const read = await this.#store.read(sessionId, { userId, signal, since: known?.mark });
    // Gone, or not for this user: what is kept may still be another's.
    if (read.mark === null) return read;
    if (read.skipped.length > 0) {
      // Places would have to be kept for those that were left out: it is for the store to say.
      this.#histories.delete(sessionId);
      return isOfAll && !read.continues ? read : this.#store.read(sessionId, query);
    }
    const history = grown(read.continues ? known : undefined, read.mark, read.messages);
    this.#histories.set(sessionId, history);
    const messages = select(history, last, role).map(copyMessage);
    return readResult(messages, read.mark, false, checked);
  }

  metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    return this.#store.metadata(sessionId, access);
  }

  state(sessionId: string, query?: StateQuery): Promise<Readonly<Record<string, StateValue>>> {
    return this.#store.state(sessionId, query);
  }

  sessions(query: SessionsQuery): Promise<SessionsPage> {
    return this.#store.sessions(query);
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    const isDeleted = await this.#store.delete(sessionId, access);
    if (isDeleted) this.#histories.delete(sessionId);
    return isDeleted;
  }

  list(access?: SessionAccess): AsyncIterable<string> {
    return this.#store.list(access);
  }

  /** Forgets everything, and closes the store that was given. */
  async close(): Promise<void> {
    this.#histories.clear();
    await this.#store.close();
  }
}

/** A history with what was added to it: another one, for somebody else may be reading the first. */
function grown(
  { messages, bytes }: Omit<History, 'mark'> = { messages: [], bytes: 1 },
  mark: SessionMark,
  added: readonly Message[],
): History {
  return {
    mark,
    messages: added.length > 0 ? [...messages, ...added] : messages,
    bytes: added.reduce((sum, message) => sum + memoryOf(message), bytes),
  };
}

function select(
  { messages }: History,
  last: number | undefined,
  role: Message['role'] | undefined,
): readonly Message[] {
  const ofRole = role === undefined ? messages : messages.filter((each) => each.role === role);
  return newest(ofRole, last);
}
