import {
  checkCommit,
  checkQuery,
  checkSessionId,
  damagedMessage,
  newest,
  newOperationId,
  positionsOf,
} from '@agent-sessions/session-core';
import type {
  CheckedQuery,
  Commit,
  CommitResult,
  CreateResult,
  JsonValue,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionInit,
  SessionMetadata,
  SessionsPage,
  SessionsQuery,
  SessionStore,
  SessionStoreCapabilities,
  SessionSummary,
  StateQuery,
  StateValue,
} from '@agent-sessions/session-core';

import { hasCode } from './contention.ts';
import { EncryptedCommits } from './encrypted-commits.ts';
import { decryptPicked, decryptRun } from './history-decryption.ts';
import { claimsOf, decryptMessage, encryptMessage } from './message-encryption.ts';
import { type EncryptionKeys, SessionKeys } from './session-keys.ts';
import { decryptValue, encryptValue, keyIdOfValue } from './value-encryption.ts';

/** @see {@link EncryptedSessionStore.reencrypt} */
export interface ReencryptOptions extends SessionAccess {
  /**
   * Forget all operation ids: what they answer when repeated stays encrypted under the keys of their
   * time. @defaultValue false
   */
  readonly forgetOperations?: boolean | undefined;
}

/**
 * Encrypts what is said, in any store: the content and the item of every message and all named
 * values, with AES-256-GCM under keys of the session. All else stays readable: ids, roles, agents,
 * tokens, times, usage, names of values.
 *
 * Whatever was changed or moved in the store is `damaged_message` when it is read, a key that is
 * not there is `permission_denied`. What cannot be read is left as it is, and is not popped either.
 */
export class EncryptedSessionStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities;
  readonly #store: SessionStore;
  readonly #keys: SessionKeys;
  readonly #commits: EncryptedCommits;

  /**
   * @param store - keeps what is encrypted, and belongs to this store from now on
   * @throws TypeError or RangeError `invalid_argument`
   */
  constructor(store: SessionStore, keys: EncryptionKeys) {
    this.capabilities = store.capabilities;
    this.#store = store;
    this.#keys = new SessionKeys(keys);
    this.#commits = new EncryptedCommits(store, this.#keys);
  }

  async create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    const result = await this.#store.create(sessionId, init);
    this.#commits.saw(sessionId, result.mark);
    return result;
  }

  async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    return this.#commits.commit(checkSessionId(sessionId), checkCommit(commit));
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const checked = checkQuery(query);
    const read = await this.#store.read(sessionId, checked);
    this.#commits.saw(sessionId, read.mark);
    if (checked.role === undefined) {
      return { ...read, messages: decryptRun(this.#keys, sessionId, read) };
    }
    try {
      const length = read.mark?.length ?? 0;
      return { ...read, messages: decryptPicked(this.#keys, sessionId, length, read.messages) };
    } catch (damage) {
      if (!hasCode(damage, 'damaged_message', 'permission_denied')) throw damage;
      // Only the whole history tells which message it is.
      return this.#readRole(sessionId, checked);
    }
  }

  metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    return this.#store.metadata(sessionId, access);
  }

  async state(
    sessionId: string,
    query?: StateQuery,
  ): Promise<Readonly<Record<string, StateValue>>> {
    const values = await this.#store.state(sessionId, query);
    const open = ([name, { value, revision }]: [string, StateValue]): [string, StateValue] => [
      name,
      { value: decryptValue(this.#keys, { sessionId, name }, value), revision },
    ];
    return Object.fromEntries(Object.entries(values).map(open));
  }

  async sessions(query: SessionsQuery): Promise<SessionsPage> {
    const { sessions, next } = await this.#store.sessions(query);
    return { sessions: sessions.map((summary) => this.#open(summary)), next };
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    const isDeleted = await this.#store.delete(sessionId, access);
    if (isDeleted) this.#commits.saw(sessionId, null);
    return isDeleted;
  }

  list(access?: SessionAccess): AsyncIterable<string> {
    return this.#store.list(access);
  }

  /** Closes the store that was given. */
  close(): Promise<void> {
    return this.#store.close();
  }

  /**
   * Encrypts a session's history and values again where a part of them is under another than the
   * current key: in one commit, after all of it was read. Ids, agents, tokens and times stay; where
   * history is encrypted again, marks of before no longer hold. Answers `false` where nothing was to
   * be done.
   *
   * @throws SessionError `conflict` where history or a value moved on meanwhile: do it again, or later;
   * `damaged_message` or `permission_denied` where one cannot be read. Nothing is changed then.
   */
  async reencrypt(sessionId: string, options: ReencryptOptions = {}): Promise<boolean> {
    const { userId, signal, forgetOperations = false } = options;
    const access = { userId, signal };
    const read = await this.#store.read(sessionId, access);
    const { mark, skipped } = read;
    const values = await this.#outdatedValues(sessionId, access);
    const { currentKeyId } = this.#keys;
    const isDone = read.messages.every((message) => claimsOf(message)?.keyId === currentKeyId);
    const isAllDone = isDone && values === undefined && !forgetOperations;
    if (mark === null || isAllDone) return false;
    if (skipped[0] !== undefined) throw damagedMessage(sessionId, skipped[0]);
    const history = isDone && !forgetOperations ? {} : this.#encryptedAgain(sessionId, read);
    const commit = { operationId: newOperationId(), ...history, ...values, expect: mark };
    const result = await this.#store.commit(sessionId, { ...commit, ...access, forgetOperations });
    this.#commits.saw(sessionId, result.mark);
    return true;
  }

  #encryptedAgain(sessionId: string, read: ReadResult): Pick<Commit, 'drop' | 'append'> {
    const messages = decryptRun(this.#keys, sessionId, read);
    const append = messages.map((message, position) =>
      encryptMessage(this.#keys, { sessionId, position }, message),
    );
    return { drop: 'all', append };
  }

  /** What sets the values that are under another than the current key, if there are any. */
  async #outdatedValues(
    sessionId: string,
    access: SessionAccess,
  ): Promise<Pick<Commit, 'state' | 'expectState'> | undefined> {
    if (!this.capabilities.state) return undefined;
    const values = Object.entries(await this.#store.state(sessionId, access));
    const outdated = values.filter(([, { value }]) => {
      return keyIdOfValue(value) !== this.#keys.currentKeyId;
    });
    if (outdated.length === 0) return undefined;
    const again = ([name, { value }]: [string, StateValue]): [string, string] => {
      const place = { sessionId, name };
      return [name, encryptValue(this.#keys, place, decryptValue(this.#keys, place, value))];
    };
    return {
      state: Object.fromEntries(outdated.map(again)),
      expectState: Object.fromEntries(outdated.map(([name, { revision }]) => [name, revision])),
    };
  }

  #open(summary: SessionSummary): SessionSummary {
    const { sessionId } = summary;
    const open = ([name, value]: [string, JsonValue]): [string, JsonValue] => [
      name,
      decryptValue(this.#keys, { sessionId, name }, value),
    ];
    return { ...summary, state: Object.fromEntries(Object.entries(summary.state).map(open)) };
  }

  async #readRole(
    sessionId: string,
    { role, last, userId, signal }: CheckedQuery,
  ): Promise<ReadResult> {
    const read = await this.#store.read(sessionId, { userId, signal });
    const positions = positionsOf(read);
    const places = read.messages
      .map((stored, index) => ({ stored, place: { sessionId, position: positions[index] ?? 0 } }))
      .filter(({ stored }) => stored.role === role);
    const messages = newest(places, last).map(({ stored, place }) =>
      decryptMessage(this.#keys, place, stored),
    );
    return { ...read, messages, continues: false, first: null };
  }
}
