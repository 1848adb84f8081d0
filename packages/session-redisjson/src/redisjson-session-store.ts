import {
  checkAccess,
  checkCommit,
  checkInit,
  checkName,
  checkQuery,
  checkSessionId,
  checkTtlMs,
  newest,
  storeClosed,
  notProvided,
} from '@agent-sessions/session-core';
import type {
  CheckedCommit,
  Commit,
  CommitResult,
  CreateResult,
  Message,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionError,
  SessionInit,
  SessionMark,
  SessionMetadata,
  SessionsPage,
  SessionStore,
  SessionStoreCapabilities,
  StateValue,
} from '@agent-sessions/session-core';

import {
  commitArguments,
  creationArguments,
  parseCommitReply,
  refusal,
} from './scripts/commit-call.ts';
import type { CommitReply } from './scripts/commit-call.ts';
import { commitScript } from './scripts/commit.lua.ts';
import type { Confirmation } from './connection/confirmation.ts';
import { deleteScript } from './scripts/delete.lua.ts';
import { notASession, unsupportedSchema } from './document/foreign-document.ts';
import {
  decodeMessages,
  historyPaths,
  isContinuedBy,
  parseHistory,
  refuseDamage,
} from './document/history.ts';
import type { History, HistoryPart } from './document/history.ts';
import { metadataPaths, parseMetadata, readableMetadata } from './document/metadata.ts';
import type { CallTime } from './connection/redis-call.ts';
import { checkClient, type RedisJsonClient } from './connection/redis-client.ts';
import { Redis } from './connection/redis.ts';
import {
  checkLimit,
  emitLongSessionWarning,
  warnOfLongSession,
} from './document/session-limits.ts';
import type { LongSession, LongSessionWarning, SessionLimits } from './document/session-limits.ts';

/** @see {@link RedisJsonSessionStore} */
export interface RedisJsonSessionStoreOptions {
  /** Stands before the session id in every key. @defaultValue `'session:'`, as in Python */
  readonly keyPrefix?: string | undefined;
  /**
   * Milliseconds after which a call fails with `timeout` at the latest. Within it a commit whose
   * connection drops is repeated, with the same operation id.
   * @defaultValue 5000
   */
  readonly deadlineMs?: number | undefined;
  /**
   * Gets the error for every stored message that cannot be read; reads then leave it out. The
   * message stays where it is. @defaultValue a read of such a message fails with `damaged_message`
   */
  readonly onDamaged?: ((damage: SessionError) => void) | undefined;
  /**
   * What has to happen before a commit is answered: so many replicas have it, and the append-only
   * file of the server has it on disk. Not in a pool or behind a sentinel, where the question
   * could go to another connection. @defaultValue the server has it in memory
   */
  readonly confirm?: Confirmation | undefined;
  /** A commit that would make a session longer is `session_full`. @defaultValue no limit */
  readonly maxMessages?: number | undefined;
  /** The same for the JSON text of its messages, in bytes. @defaultValue no limit */
  readonly maxBytes?: number | undefined;
  /** How many messages make a session long: `onLongSession` is told. @defaultValue 2000 */
  readonly warnAtMessages?: number | undefined;
  /** How many bytes of messages, as JSON text, make a session long. @defaultValue 1,000,000 */
  readonly warnAtBytes?: number | undefined;
  /**
   * Told of a session when a commit has made it long, and each time that it has doubled since.
   * @defaultValue `process.emitWarning`
   */
  readonly onLongSession?: ((session: LongSession) => void) | undefined;
}

/**
 * Keeps each session as one native JSON document in Redis. Reads are `JSON.GET`, with JSONPath
 * where the server can filter; a commit is one script, which is one round trip.
 *
 * The client is the caller's: connected before, closed after, never by the store.
 */
export class RedisJsonSessionStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities = {
    durable: true,
    sharedWriters: true,
    expiry: true,
    state: false,
    sessions: false,
  };
  readonly #redis: Redis;
  readonly #keyPrefix: string;
  readonly #onDamaged: (damage: SessionError) => void;
  readonly #limits: SessionLimits;
  readonly #warning: LongSessionWarning;
  #closed = false;

  /** @throws TypeError or RangeError `invalid_argument` */
  constructor(client: RedisJsonClient, options: RedisJsonSessionStoreOptions = {}) {
    const { keyPrefix = 'session:', deadlineMs = 5000, onDamaged = refuseDamage } = options;
    checkTtlMs('deadlineMs', deadlineMs);
    this.#redis = new Redis(checkClient(client), { deadlineMs, confirm: options.confirm });
    this.#keyPrefix = checkName('keyPrefix', keyPrefix);
    this.#onDamaged = onDamaged;
    this.#limits = {
      maxMessages: checkLimit('maxMessages', options.maxMessages),
      maxBytes: checkLimit('maxBytes', options.maxBytes),
    };
    this.#warning = {
      warnAtMessages: checkLimit('warnAtMessages', options.warnAtMessages ?? 2000),
      warnAtBytes: checkLimit('warnAtBytes', options.warnAtBytes ?? 1_000_000),
      onLongSession: options.onLongSession ?? emitLongSessionWarning,
    };
  }

  async create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    const checked = checkInit(init);
    const reply = await this.#commit(sessionId, creationArguments(sessionId, checked), checked);
    if (reply.status !== 'committed' && reply.status !== 'exists') throw refusal(sessionId, reply);
    // A creation that was repeated after a lost answer finds the session it made itself.
    const created = reply.mark.epoch === checked.newEpoch;
    return { created, mark: reply.mark };
  }

  async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    const checked = checkCommit(commit);
    const { state, expectState, usage, claim } = checked;
    if (state.size + expectState.size + Object.keys(usage).length > 0 || claim) {
      throw notProvided('named values, usage and claims');
    }
    const args = commitArguments(sessionId, checked, this.#limits);
    const reply = await this.#commit(sessionId, args, checked);
    const added = checked.append?.length ?? 0;
    switch (reply.status) {
      case 'committed':
      case 'repeated': {
        const { status, mark } = reply;
        if (status === 'committed') {
          const session = { sessionId, messages: mark.length, bytes: reply.bytes };
          warnOfLongSession(this.#warning, session, args.slice(args.length - added));
        }
        const first = mark.length - added;
        const dropped = decodeMessages(sessionId, reply.dropped, this.#onDamaged, first);
        return { mark, revision: null, repeated: status === 'repeated', dropped };
      }
      case 'nothing':
        return { mark: null, revision: null, repeated: false, dropped: [] };
      default:
        throw refusal(sessionId, reply, checked.operationId);
    }
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const { last, role, since, before, userId, signal } = checkQuery(query);
    if (before !== undefined) {
      const read = await this.read(sessionId, { userId, signal });
      const messages = newest(read.messages.slice(0, before), last);
      const end = Math.min(before, read.messages.length);
      return { ...read, messages, first: messages.length > 0 ? end - messages.length : null };
    }
    const time = this.#redis.begin(signal);
    if (since && since.length > 0) {
      // From the last known message on, which tells whether it is still there.
      const tail = await this.#read(sessionId, { userId, from: since.length - 1 }, time);
      if (tail && isContinuedBy(since, tail)) {
        for (const damage of tail.damages) this.#onDamaged(damage);
        return { ...placed(tail.messages.slice(1), tail.mark), continues: true };
      }
    }
    let history = await this.#read(sessionId, { userId, last, role }, time);
    const isLimited = last !== undefined || role !== undefined;
    if (history && history.damages.length > 0 && isLimited) {
      // Limits count what can be read, and what a filter finds has lost its place.
      history = await this.#read(sessionId, { userId }, time);
    }
    if (!history) return { messages: [], mark: null, continues: false, first: null, skipped: [] };
    for (const damage of history.damages) this.#onDamaged(damage);
    const { messages, mark } = history;
    const wanted = role === undefined ? messages : messages.filter((each) => each.role === role);
    const continues = since?.length === 0 && isContinuedBy(since, history);
    const { first, ...rest } = placed(newest(wanted, last), mark);
    return { ...rest, first: role === undefined ? first : null, continues };
  }

  async metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    const userId = checkAccess(access);
    const time = this.#redis.begin(access?.signal);
    const reply = await this.#redis.get(this.#key(sessionId), metadataPaths, time);
    const metadata = parseMetadata(sessionId, reply);
    return metadata && isFor(userId, metadata) ? metadata : undefined;
  }

  async state(): Promise<Readonly<Record<string, StateValue>>> {
    throw notProvided('named values');
  }

  async sessions(): Promise<SessionsPage> {
    throw notProvided('pages of sessions');
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    const key = this.#key(sessionId);
    const args = [sessionId, checkAccess(access) ?? ''];
    const { signal } = access ?? {};
    const reply = await this.#redis.run(deleteScript, key, args, { repeatable: false, signal });
    // Some clients answer with buffers.
    const status = String(reply);
    if (status === 'foreign') throw notASession(sessionId);
    if (status === 'newer') throw unsupportedSchema(sessionId);
    return status === 'deleted';
  }

  async *list(access?: SessionAccess): AsyncIterable<string> {
    const userId = checkAccess(access);
    if (this.#closed) throw storeClosed();
    for await (const { keys, time } of this.#redis.keys(this.#keyPrefix, access?.signal)) {
      const pages = keys.map(async (key) => {
        const sessionId = key.slice(this.#keyPrefix.length);
        const reply = await this.#redis.get(key, metadataPaths, time);
        // Another store's prefix may begin with this one's: its documents have other ids.
        const session = readableMetadata(sessionId, reply);
        return session && isFor(userId, session) ? [sessionId] : [];
      });
      yield* (await Promise.all(pages)).flat();
    }
  }

  /** Ends the store, not the client, which is the caller's to close. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#redis.close();
  }

  /** Needed by every call for a session before it asks Redis. */
  #key(sessionId: string): string {
    if (this.#closed) throw storeClosed();
    return this.#keyPrefix + checkSessionId(sessionId);
  }

  async #commit(
    sessionId: string,
    args: string[],
    { operationId, append, signal }: Partial<CheckedCommit>,
  ): Promise<CommitReply> {
    const key = this.#key(sessionId);
    const reply = await this.#redis.commit(commitScript, key, args, {
      repeatable: true,
      operationId,
      signal,
    });
    return parseCommitReply(reply, args, append);
  }

  async #read(sessionId: string, part: HistoryPart, time: CallTime): Promise<History | undefined> {
    const reply = await this.#redis.get(this.#key(sessionId), historyPaths(part), time);
    return parseHistory(sessionId, part, reply);
  }
}

function placed(messages: Message[], mark: SessionMark | null) {
  const first = messages.length === 0 ? null : (mark?.length ?? 0) - messages.length;
  return { messages, mark, first, skipped: [] };
}

function isFor(userId: string | undefined, session: { readonly userId: string | null }): boolean {
  return userId === undefined || userId === session.userId;
}
