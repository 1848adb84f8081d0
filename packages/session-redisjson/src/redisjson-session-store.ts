import {
  checkAccess,
  checkCommit,
  checkInit,
  checkName,
  checkQuery,
  checkSessionId,
  checkStateQuery,
  checkTtlMs,
  notProvided,
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
  SessionsPage,
  SessionStore,
  SessionStoreCapabilities,
  StateQuery,
  StateValue,
} from '@agent-sessions/session-core';

import type { Confirmation } from './connection/confirmation.ts';
import type { CallTime } from './connection/redis-call.ts';
import type { RedisJsonClient } from './connection/redis-client.ts';
import { Redis } from './connection/redis.ts';
import { notASession, unsupportedSchema } from './document/foreign-document.ts';
import { decodeMessages, historyPaths, isRest, parseHistory } from './document/history.ts';
import type { History, HistoryPart } from './document/history.ts';
import { metadataPaths, parseMetadata, readableMetadata } from './document/metadata.ts';
import { readHistory } from './document/reading.ts';
import {
  checkCommitSize,
  checkLimit,
  checkListener,
  emitLongSessionWarning,
  warnOfLongSession,
} from './document/session-limits.ts';
import type { LongSession, LongSessionWarning, SessionLimits } from './document/session-limits.ts';
import { parseValues, valuesPaths } from './document/values.ts';
import { refusal } from './scripts/commit-reply.ts';
import { type CommitRequest, commitRequest, creationRequest } from './scripts/commit-request.ts';
import { commitScript } from './scripts/commit.lua.ts';
import { type Committed, runCommit } from './scripts/committing.ts';
import { deleteScript } from './scripts/delete.lua.ts';

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
  /**
   * A commit with more messages and values is `session_full`: their size as JSON text, in bytes.
   * @defaultValue 32,000,000
   */
  readonly maxCommitBytes?: number | undefined;
  /** How many messages make a session long: `onLongSession` is told. @defaultValue 2000 */
  readonly warnAtMessages?: number | undefined;
  /** How many bytes, added by one commit, it is told of, too. @defaultValue 1,000,000 */
  readonly warnAtBytes?: number | undefined;
  /**
   * Told of a session when it has grown to be long, and each time that it has doubled since. What it
   * throws is a warning of the process, once. @defaultValue `process.emitWarning`
   */
  readonly onLongSession?: ((session: LongSession) => void) | undefined;
}

/**
 * Keeps each session as one native JSON document in Redis. Reads are `JSON.GET`, with JSONPath
 * where the server can filter; a commit is one script, which is one round trip, or two where it
 * drops messages that have to be looked at.
 *
 * The client is the caller's: connected before, closed after, never by the store.
 */
export class RedisJsonSessionStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities = {
    durable: true,
    sharedWriters: true,
    expiry: true,
    state: true,
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
    const { keyPrefix = 'session:', deadlineMs = 5000, onDamaged = refuse } = options;
    checkTtlMs('deadlineMs', deadlineMs);
    this.#redis = new Redis(client, { deadlineMs, confirm: options.confirm });
    this.#keyPrefix = checkName('keyPrefix', keyPrefix);
    this.#onDamaged = checkListener('onDamaged', onDamaged);
    this.#limits = {
      maxMessages: checkLimit('maxMessages', options.maxMessages),
      maxCommitBytes: checkLimit('maxCommitBytes', options.maxCommitBytes ?? 32_000_000),
    };
    this.#warning = {
      warnAtMessages: checkLimit('warnAtMessages', options.warnAtMessages ?? 2000),
      warnAtBytes: checkLimit('warnAtBytes', options.warnAtBytes ?? 1_000_000),
      onLongSession:
        checkListener('onLongSession', options.onLongSession) ?? emitLongSessionWarning,
    };
  }

  async create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    const checked = checkInit(init);
    const request = creationRequest(sessionId, checked);
    const reply = await this.#commit(sessionId, request, checked);
    if (reply.status !== 'committed' && reply.status !== 'exists') {
      throw refusal(sessionId, reply);
    }
    // A creation that was repeated after a lost answer finds the session it made itself.
    const created = reply.mark.epoch === checked.newEpoch;
    return { created, mark: reply.mark };
  }

  async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    const checked = checkCommit(commit);
    const { operationId, append = [], returnDropped } = checked;
    const request = commitRequest(sessionId, checked, this.#limits.maxMessages);
    checkCommitSize(sessionId, request.bytes, this.#limits, operationId);
    const reply = await this.#commit(sessionId, request, checked);
    switch (reply.status) {
      case 'committed': {
        const { mark, revision, judged } = reply;
        const before = mark.length - append.length + reply.dropped;
        const session = { sessionId, messages: mark.length, committedBytes: request.bytes };
        warnOfLongSession(this.#warning, session, before);
        return { mark, revision, repeated: false, dropped: returnDropped ? judged : [] };
      }
      case 'repeated': {
        const { mark, revision } = reply;
        const dropped = decodeMessages(sessionId, reply.dropped, 0, ignore);
        return { mark, revision, repeated: true, dropped };
      }
      case 'nothing':
        return { mark: null, revision: null, repeated: false, dropped: [] };
      default:
        throw refusal(sessionId, reply, operationId);
    }
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const checked = checkQuery(query);
    const time = this.#redis.begin(checked.signal);
    const readPart = (part: HistoryPart) => this.#read(sessionId, part, time);
    return await readHistory(checked, readPart, this.#onDamaged);
  }

  async metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    const userId = checkAccess(access);
    const time = this.#redis.begin(access?.signal);
    const reply = await this.#redis.get(this.#key(sessionId), metadataPaths, time);
    return parseMetadata(sessionId, userId, reply);
  }

  async state(
    sessionId: string,
    query?: StateQuery,
  ): Promise<Readonly<Record<string, StateValue>>> {
    const { names, userId, signal } = checkStateQuery(query);
    const time = this.#redis.begin(signal);
    const reply = await this.#redis.get(this.#key(sessionId), valuesPaths(names), time);
    return parseValues(sessionId, userId, names, reply);
  }

  async sessions(): Promise<SessionsPage> {
    throw notProvided('pages of sessions');
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    const key = this.#key(sessionId);
    const args = [sessionId, checkAccess(access) ?? ''];
    const time = this.#redis.begin(access?.signal);
    const reply = await this.#redis.run(deleteScript, key, args, time, { repeatable: false });
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
        return readableMetadata(sessionId, userId, reply) ? [sessionId] : [];
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
    request: CommitRequest,
    { operationId, dropUnreadable, signal }: Partial<CheckedCommit>,
  ): Promise<Committed> {
    const key = this.#key(sessionId);
    const time = this.#redis.begin(signal);
    const run = (args: string[]) =>
      this.#redis.commit(commitScript, key, args, time, { repeatable: true, operationId });
    return await runCommit(sessionId, request, run, dropUnreadable ? ignore : refuse);
  }

  async #read(sessionId: string, part: HistoryPart, time: CallTime): Promise<History | undefined> {
    const key = this.#key(sessionId);
    // Both at once, so that they are answered one after the other.
    const [reply, length] = await Promise.all([
      this.#redis.get(key, historyPaths(part), time),
      isRest(part) ? undefined : this.#redis.length(key, '$.messages', time),
    ]);
    return parseHistory(sessionId, part, reply, length);
  }
}

function ignore(): void {}

/** What is done about a damaged message unless the caller wants something else. */
function refuse(damage: SessionError): never {
  throw damage;
}
