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
} from '@agent-sessions/session-core';
import type {
  CheckedCommit,
  Commit,
  CommitResult,
  CreateResult,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionError,
  SessionInit,
  SessionMetadata,
  SessionStore,
  SessionStoreCapabilities,
} from '@agent-sessions/session-core';

import {
  commitArguments,
  creationArguments,
  parseCommitReply,
  refusal,
} from './scripts/commit-call.ts';
import type { CommitReply } from './scripts/commit-call.ts';
import { commitScript } from './scripts/commit.lua.ts';
import { checkConfirmation, type Confirmation, runConfirmed } from './connection/confirmation.ts';
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
import { metadataPaths, ownerPaths, parseMetadata, parseOwner } from './document/metadata.ts';
import { callRedis, type RedisCall } from './connection/redis-call.ts';
import {
  checkClient,
  type RedisJsonClient,
  runScript,
  scanKeys,
} from './connection/redis-client.ts';
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
  };
  readonly #client: RedisJsonClient;
  readonly #keyPrefix: string;
  readonly #deadlineMs: number;
  readonly #onDamaged: (damage: SessionError) => void;
  readonly #confirm: Confirmation | undefined;
  readonly #limits: SessionLimits;
  readonly #warning: LongSessionWarning;
  #closed = false;

  /** @throws TypeError or RangeError `invalid_argument` */
  constructor(client: RedisJsonClient, options: RedisJsonSessionStoreOptions = {}) {
    const { keyPrefix = 'session:', deadlineMs = 5000, onDamaged = refuseDamage } = options;
    this.#client = checkClient(client);
    this.#keyPrefix = checkName('keyPrefix', keyPrefix);
    this.#deadlineMs = checkTtlMs('deadlineMs', deadlineMs) ?? deadlineMs;
    this.#onDamaged = onDamaged;
    this.#confirm = options.confirm && checkConfirmation(client, options.confirm);
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
        return { mark, repeated: status === 'repeated', dropped };
      }
      case 'nothing':
        return { mark: null, repeated: false, dropped: [] };
      default:
        throw refusal(sessionId, reply, checked.operationId);
    }
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const { last, role, since, userId, signal } = checkQuery(query);
    if (since && since.length > 0) {
      // From the last known message on, which tells whether it is still there.
      const tail = await this.#read(sessionId, { userId, from: since.length - 1 }, signal);
      if (tail && isContinuedBy(since, tail)) {
        for (const damage of tail.damages) this.#onDamaged(damage);
        return { messages: tail.messages.slice(1), mark: tail.mark, continues: true };
      }
    }
    const history = await this.#read(sessionId, { userId, last, role }, signal);
    if (!history) return { messages: [], mark: null, continues: false };
    if (history.damages.length > 0 && (last !== undefined || role !== undefined)) {
      // Limits count what can be read, and what a filter finds has lost its place.
      const { messages, mark } = await this.read(sessionId, { userId, signal });
      const wanted = role === undefined ? messages : messages.filter((each) => each.role === role);
      return { messages: newest(wanted, last), mark, continues: false };
    }
    for (const damage of history.damages) this.#onDamaged(damage);
    const { messages, mark } = history;
    return { messages, mark, continues: since?.length === 0 && isContinuedBy(since, history) };
  }

  async metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    const userId = checkAccess(access);
    const reply = await this.#get(this.#key(sessionId), metadataPaths, access?.signal);
    const metadata = parseMetadata(sessionId, reply);
    return metadata && isFor(userId, metadata) ? metadata : undefined;
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    const key = this.#key(sessionId);
    const args = [sessionId, checkAccess(access) ?? ''];
    const reply = await callRedis(() => runScript(this.#client, deleteScript, key, args), {
      deadlineMs: this.#deadlineMs,
      repeatable: false,
      writes: true,
      signal: access?.signal,
    });
    // Some clients answer with buffers.
    const status = String(reply);
    if (status === 'foreign') throw notASession(sessionId);
    if (status === 'newer') throw unsupportedSchema(sessionId);
    return status === 'deleted';
  }

  async *list(access?: SessionAccess): AsyncIterable<string> {
    const userId = checkAccess(access);
    if (this.#closed) throw storeClosed();
    const pattern = `${this.#keyPrefix.replace(/[*?[\]\\]/g, '\\$&')}*`;
    const reading = this.#reading(access?.signal);
    for await (const keys of scanKeys(this.#client, pattern, (scan) => callRedis(scan, reading))) {
      const pages = keys.map(async (key) => {
        const sessionId = key.slice(this.#keyPrefix.length);
        const owner = parseOwner(await this.#get(key, ownerPaths, access?.signal));
        // Another store's prefix may begin with this one's: its documents have other ids.
        return owner?.sessionId === sessionId && isFor(userId, owner) ? [sessionId] : [];
      });
      yield* (await Promise.all(pages)).flat();
    }
  }

  /** Ends the store, not the client, which is the caller's to close. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  /** Needed by every call for a session before it asks Redis. */
  #key(sessionId: string): string {
    if (this.#closed) throw storeClosed();
    return this.#keyPrefix + checkSessionId(sessionId);
  }

  #reading(signal: AbortSignal | undefined): RedisCall {
    return { deadlineMs: this.#deadlineMs, repeatable: true, writes: false, signal };
  }

  async #commit(
    sessionId: string,
    args: string[],
    { operationId, append, signal }: Partial<CheckedCommit>,
  ): Promise<CommitReply> {
    const key = this.#key(sessionId);
    const commit = () =>
      this.#confirm
        ? runConfirmed(this.#client, commitScript, key, args, this.#confirm)
        : runScript(this.#client, commitScript, key, args);
    const reply = await callRedis(commit, {
      deadlineMs: this.#deadlineMs,
      repeatable: true,
      writes: true,
      operationId,
      signal,
    });
    return parseCommitReply(reply, args, append);
  }

  #get(key: string, path: string[], signal: AbortSignal | undefined): Promise<unknown> {
    return callRedis(() => this.#client.json.get(key, { path }), this.#reading(signal));
  }

  async #read(
    sessionId: string,
    part: HistoryPart,
    signal: AbortSignal | undefined,
  ): Promise<History | undefined> {
    const reply = await this.#get(this.#key(sessionId), historyPaths(part), signal);
    return parseHistory(sessionId, part, reply);
  }
}

function isFor(userId: string | undefined, session: { readonly userId: string | null }): boolean {
  return userId === undefined || userId === session.userId;
}
