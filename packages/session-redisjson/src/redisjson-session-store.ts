import { createHash } from 'node:crypto';

import {
  checkAccess,
  checkCommit,
  checkInit,
  checkName,
  checkQuery,
  checkSessionId,
  checkTtlMs,
} from '@agent-sessions/session-core';
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

import { commitArguments, creationArguments, parseCommitReply, refusal } from './commit-call.ts';
import type { CommitReply } from './commit-call.ts';
import { commitScript } from './commit-script.ts';
import { deleteScript } from './delete-script.ts';
import { notASession } from './foreign-document.ts';
import { decodeMessages, historyPaths, isContinuedBy, parseHistory } from './history.ts';
import type { History, HistoryPart } from './history.ts';
import { metadataPaths, parseMetadata } from './metadata.ts';
import { callRedis } from './redis-call.ts';
import { type RedisJsonClient, runScript, scanKeys } from './redis-client.ts';

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
}

const scripts = { commit: withHash(commitScript), delete: withHash(deleteScript) };

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

  /** @throws TypeError or RangeError `invalid_argument` */
  constructor(
    client: RedisJsonClient,
    { keyPrefix = 'session:', deadlineMs = 5000 }: RedisJsonSessionStoreOptions = {},
  ) {
    this.#client = client;
    this.#keyPrefix = checkName('keyPrefix', keyPrefix);
    this.#deadlineMs = checkTtlMs('deadlineMs', deadlineMs) ?? deadlineMs;
  }

  async create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    const checked = checkInit(init);
    const reply = await this.#commit(sessionId, creationArguments(sessionId, checked));
    if (reply.status !== 'committed' && reply.status !== 'exists') throw refusal(sessionId, reply);
    // A creation that was repeated after a lost answer finds the session it made itself.
    const created = reply.mark.epoch === checked.newEpoch;
    return { created, mark: reply.mark };
  }

  async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    const checked = checkCommit(commit);
    const { operationId, append } = checked;
    const reply = await this.#commit(sessionId, commitArguments(sessionId, checked), operationId);
    switch (reply.status) {
      case 'committed':
      case 'repeated': {
        const repeated = reply.status === 'repeated';
        const lastId = (!repeated && append?.at(-1)?.id) || null;
        const dropped = decodeMessages(sessionId, reply.dropped);
        return { mark: { ...reply.mark, lastId }, repeated, dropped };
      }
      case 'nothing':
        return { mark: null, repeated: false, dropped: [] };
      default:
        throw refusal(sessionId, reply, operationId);
    }
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const { last, role, since, userId } = checkQuery(query);
    if (since && since.length > 0) {
      // From the last known message on, which tells whether it is still there.
      const tail = await this.#read(sessionId, { from: since.length - 1 }, userId);
      if (tail && isContinuedBy(since, tail)) {
        return { messages: tail.messages.slice(1), mark: tail.mark, continues: true };
      }
    }
    const history = await this.#read(sessionId, { last, role }, userId);
    if (!history) return { messages: [], mark: null, continues: false };
    const { messages, mark } = history;
    return { messages, mark, continues: since?.length === 0 && isContinuedBy(since, history) };
  }

  async metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    const userId = checkAccess(access);
    const metadata = parseMetadata(sessionId, await this.#get(sessionId, metadataPaths));
    return metadata && isFor(userId, metadata) ? metadata : undefined;
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    const key = this.#key(sessionId);
    const args = [sessionId, checkAccess(access) ?? ''];
    const answer = await callRedis(() => runScript(this.#client, scripts.delete, key, args), {
      deadlineMs: this.#deadlineMs,
      repeatable: false,
      writes: true,
    });
    if (answer === 'foreign') throw notASession(sessionId);
    return answer === 'deleted';
  }

  async *list(): AsyncIterable<string> {
    const pattern = `${this.#keyPrefix.replace(/[*?[\]\\]/g, '\\$&')}*`;
    for await (const key of scanKeys(this.#client, pattern)) {
      yield key.slice(this.#keyPrefix.length);
    }
  }

  /** Does nothing: the client is the caller's to close. */
  async close(): Promise<void> {}

  #key(sessionId: string): string {
    return this.#keyPrefix + checkSessionId(sessionId);
  }

  async #commit(sessionId: string, args: string[], operationId?: string): Promise<CommitReply> {
    const key = this.#key(sessionId);
    const reply = await callRedis(() => runScript(this.#client, scripts.commit, key, args), {
      deadlineMs: this.#deadlineMs,
      repeatable: true,
      writes: true,
      operationId,
    });
    return parseCommitReply(reply);
  }

  #get(sessionId: string, path: string[]): Promise<unknown> {
    const key = this.#key(sessionId);
    const call = { deadlineMs: this.#deadlineMs, repeatable: true, writes: false };
    return callRedis(() => this.#client.json.get(key, { path }), call);
  }

  async #read(
    sessionId: string,
    part: HistoryPart,
    userId: string | undefined,
  ): Promise<History | undefined> {
    const history = parseHistory(sessionId, part, await this.#get(sessionId, historyPaths(part)));
    return history && isFor(userId, history) ? history : undefined;
  }
}

function isFor(userId: string | undefined, session: { readonly userId: string | null }): boolean {
  return userId === undefined || userId === session.userId;
}

function withHash(text: string) {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
