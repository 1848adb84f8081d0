import type { JsonValue, Message, MessageInput, Role } from './message.ts';

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
   * Changes history, which is possible in no other way: drops a tail, adds messages. Beside it, sets
   * named values and adds to the usage. The last 1,000 operation ids of a session are remembered, at
   * least, and what was answered as dropped of the last 8 that dropped anything. What the caller
   * changes in its arguments after the call has no effect: they are read before the method returns
   * its promise.
   *
   * - A commit is applied as a whole or not at all, and what it adds stays together.
   * - Commits at the same time are all applied, one after the other.
   * - The tail that is dropped is the newest messages.
   * - Dropping more than there is drops what there is.
   * - With `returnDropped` the answer has the dropped messages in order, otherwise none.
   * - Repeating an operation id changes nothing and answers what it answered first.
   * - Repeating an operation of which it is forgotten what it dropped is `answer_forgotten` and
   *   changes nothing.
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
   * - A session that is created with `imported` has those times; one that exists keeps its own.
   *
   * Of named values and usage:
   *
   * - A value is set whole, and comes back deep-equal to what was given, key order included.
   * - A value of `null` is removed, and values that are not named stay.
   * - A revision in `expectState` that a value does not have is a `conflict` and nothing changes.
   * - Values and messages of one commit are there together or not at all.
   * - Repeating an operation id sets no value again, and adds no usage again.
   * - The answer has the revision that the values set by the commit have.
   * - Dropping and adding messages leaves values and usage as they are.
   * - A commit beside the history, of nothing but values, usage and a claim, moves neither the time
   *   of the last write nor the expiry.
   * - Usage is added to the usage of the session, number by number.
   * - With `claim` a session that has no user becomes that of `userId`, and is not found by others.
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
   * - With `before` only messages that stand before that index are read, and `last` counts back from
   *   there.
   * - The answer has the index of the first message that was read, and those of messages that were
   *   left out.
   * - A mark names the same history from whichever read or commit it comes.
   */
  read(sessionId: string, query?: ReadQuery): Promise<ReadResult>;

  /**
   * Answers what is known of a session without reading its messages.
   *
   * - The metadata of a session that does not exist is `undefined`.
   * - The message count and the token sum are those of the messages that are there.
   * - The time of the last write moves with every commit but those beside the history, and no other
   *   time does.
   */
  metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined>;

  /**
   * Reads named values, as of one moment.
   *
   * - With `names` only those values are read, and those that are not there are left out.
   * - A session that does not exist has no values.
   */
  state(sessionId: string, query?: StateQuery): Promise<Readonly<Record<string, StateValue>>>;

  /**
   * A page of a user's sessions without their messages, the one written to last first.
   *
   * - Each session of the user that is left alone while pages are read is on one page, once.
   * - No session of another user, of nobody, or that is gone is on a page.
   * - Sessions come by the time of the last write, newest first, and by their ids where it is the same.
   * - The answer has the metadata of each session, and of the named values those that are asked for.
   * - With `after` a page begins where the one before ended, whatever became of the sessions on it.
   * - The last page says so: its `next` is `null`.
   */
  sessions(query: SessionsQuery): Promise<SessionsPage>;

  /**
   * Deletes a session with everything it holds.
   *
   * - Deleting answers `true`, and `false` where there was nothing to delete.
   * - A deleted session has no values and no usage, and is on no page.
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
   * - Every commit but those beside the history, and no read, slides the expiry, by the TTL that the
   *   session was given last.
   * - A commit that is refused or repeated does not slide the expiry.
   * - A session without a TTL does not end.
   */
  readonly expiry: boolean;
  /** Sessions have named values, usage and claims; otherwise these are `missing_capability`. */
  readonly state: boolean;
  /** The sessions of a user are had page by page; otherwise that is `missing_capability`. */
  readonly sessions: boolean;
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
  /** What a session that comes from elsewhere is created with. @defaultValue it is new */
  readonly imported?: ImportedSession | undefined;
}

/** What a session was elsewhere, and is from its creation here on. */
export interface ImportedSession {
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** Milliseconds since the epoch, of the last write. */
  readonly updatedAtMs: number;
  /** @defaultValue none */
  readonly currentAgent?: string | null | undefined;
  /** In the order of their first turn. @defaultValue none */
  readonly agentsUsed?: readonly string[] | undefined;
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
  readonly append?: readonly MessageInput[] | undefined;
  /**
   * The session as the caller saw it: a mark for its exact history, an epoch alone for the same
   * session with whatever history, `null` for none. @defaultValue anything
   */
  readonly expect?: SessionMark | Pick<SessionMark, 'epoch'> | null | undefined;
  /** Answer with the messages that were dropped, also when repeated. @defaultValue false */
  readonly returnDropped?: boolean | undefined;
  /**
   * Drop also messages that cannot be read.
   * @defaultValue false: a drop that reaches one is `damaged_message`, and changes nothing
   */
  readonly dropUnreadable?: boolean | undefined;
  /** Forget all operation ids before this one. @defaultValue false */
  readonly forgetOperations?: boolean | undefined;
  /** The agent that acts from now on: becomes the current one and joins the agents used. */
  readonly agent?: string | undefined;
  /**
   * Named values beside the history: set to any JSON value, removed by `null`. Set whole, never
   * merged. Names: a letter, then up to 63 letters, digits and underscores.
   */
  readonly state?: Readonly<Record<string, unknown>> | undefined;
  /**
   * The revision that each of these values must have, `null` for none. The `field` of a `conflict`
   * names the value: `expectState.title`. @defaultValue anything
   */
  readonly expectState?: Readonly<Record<string, number | null>> | undefined;
  /** Added to the usage of the session. */
  readonly usage?: Partial<SessionUsage> | undefined;
  /** Give a session that has no user to `userId`, which must be named. @defaultValue false */
  readonly claim?: boolean | undefined;
}

export interface CommitResult {
  /** History after the commit; `null` where there is no session. */
  readonly mark: SessionMark | null;
  /** The operation id was known, and nothing changed. */
  readonly repeated: boolean;
  /** Of the values that the commit has set; counts commits. `null` where there is no session. */
  readonly revision: number | null;
  /** The messages that were dropped, in order, if the commit asked for them. */
  readonly dropped: readonly Message[];
}

export interface ReadQuery extends SessionAccess {
  /** Read only the last so many messages. @defaultValue all */
  readonly last?: number | undefined;
  /** Read only messages of this role. @defaultValue all */
  readonly role?: Role | undefined;
  /** Read only what was added after this mark. Goes without `last`, `role` and `before`. */
  readonly since?: SessionMark | undefined;
  /**
   * Read only what stands before this index: with `last`, the page that ends there. History changes
   * at its end, so an index goes on naming its message while the generation of the mark is the same.
   * Goes without `role` and `since`. @defaultValue up to the end
   */
  readonly before?: number | undefined;
}

export interface ReadResult {
  readonly messages: Message[];
  /** The history that was read; `null` where there is no session. */
  readonly mark: SessionMark | null;
  /** The messages follow the mark in `since`; otherwise they stand for themselves. */
  readonly continues: boolean;
  /** Index in history of the first of the messages; `null` where there is none, and with `role`. */
  readonly first: number | null;
  /** Indices of messages in the part that was read which are left out: they cannot be read. */
  readonly skipped: readonly number[];
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
  /** What the session has taken of models, as commits have added it up. */
  readonly usage: SessionUsage;
  /** Milliseconds, or `null` for a session that never ends. */
  readonly ttlMs: number | null;
}

/** What models were asked and answered: whole numbers from 0. */
export interface SessionUsage {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  /** Those of the input that the model had cached. */
  readonly cachedInputTokens: number;
  /** Those of the output that were spent on reasoning. */
  readonly reasoningTokens: number;
}

export interface StateQuery extends SessionAccess {
  /** Read only these values. @defaultValue all */
  readonly names?: readonly string[] | undefined;
}

/** A named value as it was set last. */
export interface StateValue {
  readonly value: JsonValue;
  /** That of the commit which set it: to be expected by the one that sets it next. */
  readonly revision: number;
}

export interface SessionsQuery {
  /** Whose sessions. */
  readonly userId: string;
  /** How many sessions make a page: 1 to 1,000. @defaultValue 20 */
  readonly limit?: number | undefined;
  /** The `next` of the page before. @defaultValue the first page */
  readonly after?: string | undefined;
  /** Names of the values to answer with each session. @defaultValue none */
  readonly state?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SessionsPage {
  readonly sessions: readonly SessionSummary[];
  /** Where the next page begins; `null` where there is none. */
  readonly next: string | null;
}

/** A session as a list shows it. */
export interface SessionSummary extends SessionMetadata {
  /** The named values that were asked for, where the session has them. */
  readonly state: Readonly<Record<string, JsonValue>>;
}
