import type { Message, NewMessage, Role } from './message.ts';

/**
 * Keeps the sessions of agents: one history of messages for each session id.
 *
 * This is the whole contract of a driver. Every sentence of the lists below is a promise that the
 * conformance kit tests. A driver begins each method with the checks of `contract-arguments.ts`,
 * which also fill in what the caller left out, so that all drivers refuse the same input in the
 * same words.
 *
 * - A session that does not exist reads as an empty history without a mark, never as an error.
 * - Messages come back deep-equal to what was given, key order included.
 * - Equal messages are all kept.
 * - History is in the order of commits, whatever the clocks say.
 * - Sessions with different ids never meet, however alike the ids are.
 * - With a `userId`, a session of another user is not found, and never changed or deleted.
 * - Bad input is refused before anything is written, and the error names the field.
 * - A call with an aborted `signal` does nothing and is `aborted`.
 */
export interface SessionStore {
  readonly capabilities: SessionStoreCapabilities;

  /**
   * Creates an empty session.
   *
   * - Creating a session answers `created: true` and the mark of an empty history.
   * - Creating a session that exists answers `created: false` and leaves it as it is.
   * - Creating a session that belongs to another user is `session_not_found`.
   */
  create(sessionId: string, init?: SessionInit): Promise<CreateResult>;

  /**
   * Changes history, which is possible in no other way: drops a tail, adds messages. The last 1,000
   * operation ids of a session are remembered, at least. What the caller changes in its arguments
   * after the call has no effect: they are read before the method returns its promise.
   *
   * - A commit is applied as a whole or not at all, and what it adds stays together.
   * - Commits at the same time are all applied, one after the other.
   * - The tail that is dropped is the newest messages.
   * - Dropping more than there is drops what there is.
   * - With `returnDropped` the answer has the dropped messages in order, otherwise none.
   * - Repeating an operation id changes nothing and answers what it answered first.
   * - Repeating an operation id with other content is `operation_reused` and changes nothing.
   * - With an `intent` that is what must be the same, and no other content.
   * - An operation id that was refused was not used.
   * - With `forgetOperations` earlier operation ids are new again, this one is remembered.
   * - A mark in `expect` that is no longer the newest is a `conflict` and nothing changes.
   * - A mark or an epoch in `expect` of a session that is gone, or of one that had the same id
   *   before, is `session_not_found` and nothing changes.
   * - With `expect: null` a session that exists is a `conflict` and nothing changes.
   * - A commit with `append`, even of nothing, creates a session that does not exist.
   * - A commit without `append` to a session that does not exist answers a mark of `null` and
   *   leaves nothing behind.
   * - The `agent` becomes the current one and joins the agents used, once.
   */
  commit(sessionId: string, commit: Commit): Promise<CommitResult>;

  /**
   * Reads history in order, as of one moment.
   *
   * - With `last` only the newest so many are read, in order.
   * - With `last` of 0 or less nothing is read; the mark is answered all the same.
   * - With `role` only the messages of that role are read, and `last` counts those.
   * - With `since` only what was added after that mark is read, and `continues` is true.
   * - Where history did not only grow since the mark, all of it is read, and `continues` is false.
   * - A mark names the same history from whichever read or commit it comes.
   */
  read(sessionId: string, query?: ReadQuery): Promise<ReadResult>;

  /**
   * Answers what is known of a session without reading its messages.
   *
   * - The metadata of a session that does not exist is `undefined`.
   * - The message count and the token sum are those of the messages that are there.
   * - The time of the last write moves with every commit, and no other time does.
   */
  metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined>;

  /**
   * Deletes a session with everything it holds.
   *
   * - Deleting answers `true`, and `false` where there was nothing to delete.
   * - A session that is created after a deletion knows nothing of the one before.
   */
  delete(sessionId: string, access?: SessionAccess): Promise<boolean>;

  /**
   * Lists the ids of this store's sessions, in no order; one may come twice.
   *
   * - Every session that is there all the time is listed, and none that is not there.
   * - With a `userId` only the sessions of that user are listed.
   */
  list(access?: SessionAccess): AsyncIterable<string>;

  /**
   * Ends what the store itself opened. A client that was passed in stays open.
   *
   * - Closing twice does no harm.
   * - After closing, every other call is `closed`.
   */
  close(): Promise<void>;
}

/** What a caller may rely on. All are required: a new one is a question to every driver. */
export interface SessionStoreCapabilities {
  /** Sessions are there again when the store is opened again. */
  readonly durable: boolean;
  /**
   * Several stores, in several processes, may work on the same sessions at once.
   *
   * - What one store has committed, every other reads.
   * - An operation id that one store has committed is known to every other.
   */
  readonly sharedWriters: boolean;
  /**
   * Sessions with a TTL end by themselves.
   *
   * - A session ends when its TTL has passed since its last write.
   * - Every commit and no read slides the expiry, by the TTL that the session was given last.
   * - A commit that is refused or repeated does not slide the expiry.
   * - A session without a TTL does not end.
   */
  readonly expiry: boolean;
}

/** Names the state of a history, so that a later call can tell what has happened since. */
export interface SessionMark {
  /** Random id given when the session was created: tells a re-created session from the old one. */
  readonly epoch: string;
  /** Moves with every change of history that is not growth. */
  readonly generation: number;
  /** Number of messages. */
  readonly length: number;
  /** Id of the last message, `null` for none: catches writers that know nothing of generations. */
  readonly lastId: string | null;
}

/** Who asks, and how long. */
export interface SessionAccess {
  /** Only a session of this user is found. Without it, a session of any user is. */
  readonly userId?: string | undefined;
  /**
   * Ends the call with `aborted`: if it is aborted before the call, nothing has happened; later, the
   * outcome of a change is unknown.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What a new session is given. */
export interface SessionInit extends SessionAccess {
  /**
   * Milliseconds after the last write at which the session ends, kept with the session.
   * @defaultValue the session never ends
   */
  readonly ttlMs?: number | undefined;
}

export interface CreateResult {
  readonly created: boolean;
  readonly mark: SessionMark;
}

/** A change of history. */
export interface Commit extends SessionInit {
  /** Names this change: repeat it with the same id, and it is done once. 1 to 512 characters. */
  readonly operationId: string;
  /**
   * Stands for the content of the commit when its operation id comes again: for a caller who may
   * have to reach the same end by dropping and adding something else. Any JSON value.
   * @defaultValue what is dropped and added, without ids and times
   */
  readonly intent?: unknown;
  /** How many messages to drop from the end. @defaultValue 0 */
  readonly drop?: number | 'all' | undefined;
  /** Messages to add at the end, after what is dropped. Stays contiguous. */
  readonly append?: readonly NewMessage[] | undefined;
  /**
   * The session as the caller saw it: a mark for its exact history, an epoch alone for the same
   * session with whatever history, `null` for none. @defaultValue anything
   */
  readonly expect?: SessionMark | Pick<SessionMark, 'epoch'> | null | undefined;
  /** Answer with the messages that were dropped, also when repeated. @defaultValue false */
  readonly returnDropped?: boolean | undefined;
  /** Forget all operation ids before this one. @defaultValue false */
  readonly forgetOperations?: boolean | undefined;
  /** The agent that acts from now on: becomes the current one and joins the agents used. */
  readonly agent?: string | undefined;
}

export interface CommitResult {
  /** History after the commit; `null` where there is no session. */
  readonly mark: SessionMark | null;
  /** The operation id was known, and nothing changed. */
  readonly repeated: boolean;
  /** The messages that were dropped, in order, if the commit asked for them. */
  readonly dropped: readonly Message[];
}

export interface ReadQuery extends SessionAccess {
  /** Read only the last so many messages. @defaultValue all */
  readonly last?: number | undefined;
  /** Read only messages of this role. @defaultValue all */
  readonly role?: Role | undefined;
  /** Read only what was added after this mark. Goes without `last` and `role`. */
  readonly since?: SessionMark | undefined;
}

export interface ReadResult {
  readonly messages: Message[];
  /** The history that was read; `null` where there is no session. */
  readonly mark: SessionMark | null;
  /** The messages follow the mark in `since`; otherwise they stand for themselves. */
  readonly continues: boolean;
}

export interface SessionMetadata {
  readonly sessionId: string;
  readonly userId: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** Milliseconds since the epoch, of the last write. */
  readonly updatedAtMs: number;
  readonly currentAgent: string | null;
  /** Names of the agents that acted, each once, in the order of their first turn. */
  readonly agentsUsed: readonly string[];
  readonly messageCount: number;
  /** Sum of the token counts of the messages. */
  readonly totalTokens: number;
  /** Milliseconds, or `null` for a session that never ends. */
  readonly ttlMs: number | null;
}
