import { randomUUID } from 'node:crypto';

import {
  checkAccess,
  checkSessionId,
  checkTtlMs,
  newOperationId,
} from './driver/contract-arguments.ts';
import type { Message, NewMessage } from './contract/message.ts';
import { sessionNotFound } from './driver/refusals.ts';
import type {
  Commit,
  CommitResult,
  CreateResult,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionMetadata,
  SessionStore,
} from './contract/store.ts';

/** @see {@link Conversation} */
export interface ConversationOptions {
  readonly store: SessionStore;
  /** @defaultValue a random id */
  readonly sessionId?: string | undefined;
  /** The user whose session it is. Where given, a session of another user is not found. */
  readonly userId?: string | undefined;
  /**
   * Milliseconds after the last write at which the session ends.
   * @defaultValue what the session was created with; a new session never ends
   */
  readonly ttlMs?: number | undefined;
}

/** How a change is committed. */
export interface CommitOptions {
  /** Repeat a change with the same id, and it is done once. @defaultValue a random id */
  readonly operationId?: string | undefined;
  /** Refuse the change where the session is no longer as it was seen. @defaultValue anything goes */
  readonly expect?: Commit['expect'];
  /** Ends the call with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a call may take. */
export type CallOptions = Pick<SessionAccess, 'signal'>;

/**
 * One session, on whatever store: what applications and adapters work with. It holds no state of
 * the session, so any number of conversations may stand for the same one.
 *
 * Every method is one call of the store; see {@link SessionStore} for what it promises, and
 * `SessionError` for how it fails.
 */
export class Conversation {
  readonly sessionId: string;
  readonly userId: string | undefined;
  readonly #store: SessionStore;
  readonly #ttlMs: number | undefined;

  /** @throws TypeError or RangeError `invalid_argument` for an id or a TTL that cannot be one */
  constructor({ store, sessionId = randomUUID(), userId, ttlMs }: ConversationOptions) {
    this.#store = store;
    this.sessionId = checkSessionId(sessionId);
    this.userId = checkAccess({ userId });
    this.#ttlMs = checkTtlMs('ttlMs', ttlMs);
  }

  /** Creates the session, empty. Leaves one that exists as it is. Optional: a commit creates it too. */
  create(options?: CallOptions): Promise<CreateResult> {
    return this.#store.create(this.sessionId, { ...this.#access(options), ttlMs: this.#ttlMs });
  }

  /** Commits any change; the methods below are shorter words for the usual ones. */
  commit(
    change: Omit<Commit, 'operationId' | 'expect' | 'userId' | 'ttlMs' | 'signal'>,
    { operationId = newOperationId(), expect, signal }: CommitOptions = {},
  ): Promise<CommitResult> {
    // Member by member: to spread the change would take as long as to check it.
    return this.#store.commit(this.sessionId, {
      operationId,
      intent: change.intent,
      drop: change.drop,
      append: change.append,
      expect,
      returnDropped: change.returnDropped,
      forgetOperations: change.forgetOperations,
      agent: change.agent,
      userId: this.userId,
      signal,
      ttlMs: this.#ttlMs,
    });
  }

  /** Adds messages at the end, contiguous, all or none. */
  append(messages: readonly NewMessage[], options?: CommitOptions): Promise<CommitResult> {
    return this.commit({ append: messages }, options);
  }

  /** Drops the last message and answers it; `undefined` where there is none. */
  async pop(options?: CommitOptions): Promise<Message | undefined> {
    const { dropped } = await this.commit({ drop: 1, returnDropped: true }, options);
    return dropped[0];
  }

  /** Drops the last messages and adds others in their place. */
  replaceTail(
    drop: number | 'all',
    messages: readonly NewMessage[],
    options?: CommitOptions,
  ): Promise<CommitResult> {
    return this.commit({ drop, append: messages }, options);
  }

  /** Drops all messages; the session, its user and its agents stay. */
  clear(options?: CommitOptions): Promise<CommitResult> {
    return this.commit({ drop: 'all' }, options);
  }

  /** Makes an agent the current one and adds it to the agents used, once. */
  trackAgent(agent: string, options?: CommitOptions): Promise<CommitResult> {
    return this.commit({ append: [], agent }, options);
  }

  /** Reads messages, with the mark of the history they stand in. */
  read(query: Omit<ReadQuery, 'userId'> = {}): Promise<ReadResult> {
    const { last, role, since, signal } = query;
    return this.#store.read(this.sessionId, { last, role, since, userId: this.userId, signal });
  }

  /** Reads messages: all, the last ones, those of a role. */
  async messages(query?: Pick<ReadQuery, 'last' | 'role' | 'signal'>): Promise<Message[]> {
    return (await this.read(query)).messages;
  }

  /** Answers what is known of the session; `undefined` where there is none. */
  metadata(options?: CallOptions): Promise<SessionMetadata | undefined> {
    return this.#store.metadata(this.sessionId, this.#access(options));
  }

  /** Like {@link metadata}, for a session that must be there. @throws SessionError `session_not_found` */
  async load(options?: CallOptions): Promise<SessionMetadata> {
    const metadata = await this.metadata(options);
    if (metadata) return metadata;
    throw sessionNotFound(this.sessionId);
  }

  /** Deletes the session; `false` where there was none. */
  delete(options?: CallOptions): Promise<boolean> {
    return this.#store.delete(this.sessionId, this.#access(options));
  }

  #access({ signal }: CallOptions = {}): SessionAccess {
    return { userId: this.userId, signal };
  }
}
