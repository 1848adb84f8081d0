import { randomUUID } from 'node:crypto';

import type { Message, MessageInput } from './contract/message.ts';
import type {
  Commit,
  CommitResult,
  CreateResult,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionMetadata,
  SessionStore,
  StateValue,
} from './contract/store.ts';
import { checkTtlMs } from './driver/checks.ts';
import { newOperationId } from './driver/commit-arguments.ts';
import { checkAccess, checkSessionId } from './driver/contract-arguments.ts';
import { sessionNotFound } from './driver/refusals.ts';

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
  /** Refuse the change where a named value has another revision. @defaultValue anything goes */
  readonly expectState?: Commit['expectState'];
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
    change: Omit<Commit, keyof CommitOptions | 'userId' | 'ttlMs'>,
    { operationId = newOperationId(), expect, expectState, signal }: CommitOptions = {},
  ): Promise<CommitResult> {
    // Member by member: to spread the change would take as long as to check it.
    return this.#store.commit(this.sessionId, {
      operationId,
      intent: change.intent,
      drop: change.drop,
      append: change.append,
      expect,
      returnDropped: change.returnDropped,
      dropUnreadable: change.dropUnreadable,
      forgetOperations: change.forgetOperations,
      agent: change.agent,
      state: change.state,
      expectState,
      usage: change.usage,
      claim: change.claim,
      imported: change.imported,
      userId: this.userId,
      signal,
      ttlMs: this.#ttlMs,
    });
  }

  /** Adds messages at the end, contiguous, all or none. */
  append(messages: readonly MessageInput[], options?: CommitOptions): Promise<CommitResult> {
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
    messages: readonly MessageInput[],
    options?: CommitOptions,
  ): Promise<CommitResult> {
    return this.commit({ drop, append: messages }, options);
  }

  /**
   * Drops all messages, also those that cannot be read, and the run that waits to be gone on with,
   * which holds them. The session, its user, its agents and its other values stay.
   */
  clear(options?: CommitOptions): Promise<CommitResult> {
    const state = this.#store.capabilities.state ? { run: null } : undefined;
    return this.commit({ drop: 'all', dropUnreadable: true, state }, options);
  }

  /** Makes an agent the current one and adds it to the agents used, once. */
  trackAgent(agent: string, options?: CommitOptions): Promise<CommitResult> {
    return this.commit({ append: [], agent }, options);
  }

  /** Gives a session that has no user to the user of this conversation; see `Commit.claim`. */
  claim(options?: CommitOptions): Promise<CommitResult> {
    return this.commit({ claim: true }, options);
  }

  /** Reads messages, with the mark of the history they stand in. */
  read(query: Omit<ReadQuery, 'userId'> = {}): Promise<ReadResult> {
    const { last, role, since, before, signal } = query;
    const { userId } = this;
    return this.#store.read(this.sessionId, { last, role, since, before, userId, signal });
  }

  /** Reads messages: all, the last ones, those of a role. */
  async messages(
    query?: Pick<ReadQuery, 'last' | 'role' | 'before' | 'signal'>,
  ): Promise<Message[]> {
    return (await this.read(query)).messages;
  }

  /** Reads named values, each with its revision. @param names - @defaultValue all */
  state(
    names?: readonly string[],
    options?: CallOptions,
  ): Promise<Readonly<Record<string, StateValue>>> {
    return this.#store.state(this.sessionId, { names, ...this.#access(options) });
  }

  /**
   * Sets named values, whole, and removes those that are `null`; see `Commit.state`. Where there is
   * no session there is nothing to keep them in: the answer's mark is `null` then.
   */
  setState(
    values: Readonly<Record<string, unknown>>,
    options?: CommitOptions,
  ): Promise<CommitResult> {
    return this.commit({ state: values }, options);
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
