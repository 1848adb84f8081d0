import {
  checkCommit,
  checkQuery,
  checkSessionId,
  newest,
  newOperationId,
  notProvided,
} from '@agent-sessions/session-core';
import type {
  CheckedQuery,
  Commit,
  CommitResult,
  CreateResult,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionInit,
  SessionMetadata,
  SessionsPage,
  SessionStore,
  SessionStoreCapabilities,
  StateValue,
} from '@agent-sessions/session-core';

import { hasCode } from './contention.ts';
import { EncryptedCommits } from './encrypted-commits.ts';
import { decryptPicked, decryptRun } from './history-decryption.ts';
import { claimsOf, decryptMessage, encryptMessage } from './message-encryption.ts';
import { type EncryptionKeys, SessionKeys } from './session-keys.ts';

/** @see {@link EncryptedSessionStore.reencrypt} */
export interface ReencryptOptions extends SessionAccess {
  /**
   * Forget all operation ids: what they answer when repeated stays encrypted under the keys of their
   * time. @defaultValue false
   */
  readonly forgetOperations?: boolean | undefined;
}

/**
 * Encrypts what is said, in any store: the content and the item of every message, with AES-256-GCM
 * under a key of the session. All else stays readable: ids, roles, agents, tokens, times.
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
    this.capabilities = { ...store.capabilities, state: false, sessions: false };
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
    const checked = checkCommit(commit);
    const { state, expectState, usage, claim } = checked;
    if (state.size + expectState.size + Object.keys(usage).length > 0 || claim) {
      throw notProvided('named values, usage and claims');
    }
    return this.#commits.commit(checkSessionId(sessionId), checked);
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const checked = checkQuery(query);
    const { messages, ...read } = await this.#store.read(sessionId, checked);
    this.#commits.saw(sessionId, read.mark);
    const length = read.mark?.length ?? 0;
    if (checked.role === undefined) {
      const first = read.first ?? length;
      return { ...read, messages: decryptRun(this.#keys, sessionId, first, messages) };
    }
    try {
      return { ...read, messages: decryptPicked(this.#keys, sessionId, length, messages) };
    } catch (damage) {
      if (!hasCode(damage, 'damaged_message', 'permission_denied')) throw damage;
      // Only the whole history tells which message it is.
      return this.#readRole(sessionId, checked);
    }
  }

  metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    return this.#store.metadata(sessionId, access);
  }

  async state(): Promise<Readonly<Record<string, StateValue>>> {
    throw notProvided('named values');
  }

  async sessions(): Promise<SessionsPage> {
    throw notProvided('pages of sessions');
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
   * Encrypts a session's history again where a part of it is under another than the current key: in
   * one commit, after all of it was read. Ids, agents, tokens and times stay; marks of before no
   * longer hold. Answers `false` where nothing was to be done.
   *
   * @throws SessionError `conflict` where history moved on meanwhile: do it again, or later;
   * `damaged_message` or `permission_denied` where a message cannot be read. Nothing is changed then.
   */
  async reencrypt(sessionId: string, options: ReencryptOptions = {}): Promise<boolean> {
    const { userId, signal, forgetOperations = false } = options;
    const { messages, mark } = await this.#store.read(sessionId, { userId, signal });
    const { currentKeyId } = this.#keys;
    const isDone = messages.every((message) => claimsOf(message)?.keyId === currentKeyId);
    if (mark === null || (isDone && !forgetOperations)) return false;
    const append = decryptRun(this.#keys, sessionId, 0, messages).map((message, position) =>
      encryptMessage(this.#keys, { sessionId, position }, message),
    );
    const operationId = newOperationId();
    const commit = { operationId, drop: 'all', append, expect: mark } as const;
    const access = { userId, signal };
    const result = await this.#store.commit(sessionId, { ...commit, ...access, forgetOperations });
    this.#commits.saw(sessionId, result.mark);
    return true;
  }

  async #readRole(
    sessionId: string,
    { role, last, userId, signal }: CheckedQuery,
  ): Promise<ReadResult> {
    const { messages, mark } = await this.#store.read(sessionId, { userId, signal });
    const places = messages
      .map((stored, position) => ({ stored, place: { sessionId, position } }))
      .filter(({ stored }) => stored.role === role);
    return {
      messages: newest(places, last).map(({ stored, place }) =>
        decryptMessage(this.#keys, place, stored),
      ),
      mark,
      continues: false,
      first: null,
      skipped: [],
    };
  }
}
