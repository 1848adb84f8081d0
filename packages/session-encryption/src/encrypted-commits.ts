import type {
  CheckedCommit,
  Commit,
  CommitResult,
  Message,
  SessionMark,
  SessionStore,
} from '@agent-sessions/session-core';

import { BoundedMap } from './bounded-map.ts';
import { answersTail, type Change, changeOf } from './change-beneath.ts';
import { hasCode, movedOnTooOften, pauseBefore } from './contention.ts';
import {
  decryptPicked,
  decryptReadable,
  decryptRun,
  placedByFirst,
  tailOf,
} from './history-decryption.ts';
import { encryptMessage } from './message-encryption.ts';
import type { SessionKeys } from './session-keys.ts';
import { Turns } from './turns.ts';
import { encryptValue } from './value-encryption.ts';

/** A commit that finds its mark out of date reads a new one, which costs one round trip. */
const maxMarks = 10_000;
const maxAttempts = 50;

/** A history that a commit is encrypted for. */
interface Seen {
  readonly mark: SessionMark | null;
  /** What the commit will drop, decrypted, if it is to be answered. */
  readonly tail: readonly Message[];
}

/**
 * Commits to encrypted sessions. An envelope is bound to its position, so every commit that adds
 * something is one on a history of known length: it expects the mark that was seen last, and where
 * history has moved on, it is encrypted again for the new one.
 */
export class EncryptedCommits {
  readonly #store: SessionStore;
  readonly #keys: SessionKeys;
  readonly #marks = new BoundedMap<string, SessionMark>(maxMarks);
  readonly #turns = new Turns();

  constructor(store: SessionStore, keys: SessionKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  /** Takes note of the history of a session. */
  saw(sessionId: string, mark: SessionMark | null): void {
    if (mark) this.#marks.set(sessionId, mark);
    else this.#marks.delete(sessionId);
  }

  /** An operation goes by the key that was current when it was first committed: tries them all. */
  async commit(sessionId: string, commit: CheckedCommit): Promise<CommitResult> {
    const [current = this.#keys.currentKeyId, ...earlier] = this.#keys.ids;
    const state = this.#encryptValues(sessionId, commit);
    const under = (keyId: string) => {
      const intent = this.#keys.intent(keyId, sessionId, commit.fingerprint);
      return this.#commitAs(sessionId, { ...changeOf(commit), intent, state });
    };
    let result = under(current);
    for (const keyId of earlier) {
      result = result.catch((error: unknown) => {
        if (!hasCode(error, 'operation_reused')) throw error;
        return under(keyId);
      });
    }
    return result;
  }

  /** Names are not hidden, nor is that a value is removed. */
  #encryptValues(sessionId: string, { state, touches }: CheckedCommit): Commit['state'] {
    if (state.size === 0) return touches ? undefined : {};
    const values = [...state].map(([name, value]): [string, string | null] => [
      name,
      value === null ? null : encryptValue(this.#keys, { sessionId, name }, value),
    ]);
    return Object.fromEntries(values);
  }

  #commitAs(sessionId: string, change: Change): Promise<CommitResult> {
    const { expect, signal } = change;
    if (!change.append?.length && !answersTail(change)) {
      return this.#apply(sessionId, change, { expect, append: change.append, tail: [] });
    }
    if (isExact(expect)) return this.#commitSeen(sessionId, change);
    return this.#turns.take(sessionId, signal, () => this.#commitSeen(sessionId, change));
  }

  async #commitSeen(sessionId: string, change: Change): Promise<CommitResult> {
    let seen = this.#remembered(sessionId, change);
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      if (attempt > 1) await pauseBefore(attempt, change.signal);
      try {
        seen ??= await this.#look(sessionId, change);
      } catch (damage) {
        return this.#repeat(sessionId, change, damage);
      }
      const expect = expectation(change.expect, seen.mark);
      const append = change.append && this.#encrypt(sessionId, change, expect);
      try {
        return await this.#apply(sessionId, change, { expect, append, tail: seen.tail });
      } catch (error) {
        if (!isOutOfDate(error, change.expect, expect)) throw error;
        seen = undefined;
      }
    }
    throw movedOnTooOften(sessionId, change.operationId);
  }

  /** What need not be looked at: the caller's own mark, or the one that was seen last. */
  #remembered(sessionId: string, change: Change): Seen | undefined {
    if (answersTail(change)) return undefined;
    const mark = isExact(change.expect) ? change.expect : this.#marks.get(sessionId);
    return mark === undefined ? undefined : { mark, tail: [] };
  }

  /** Decrypts the tail before it is dropped: what nobody could read stays where it is. */
  async #look(sessionId: string, change: Change): Promise<Seen> {
    const { drop, dropUnreadable, signal } = change;
    const userId = await this.#reader(sessionId, change);
    const last = answersTail(change) ? drop : 0;
    const read = await this.#store.read(sessionId, { last, userId, signal });
    const decrypt = dropUnreadable ? decryptReadable : decryptRun;
    const tail = decrypt(this.#keys, sessionId, tailOf(read, (read.mark?.length ?? 0) - drop));
    return { mark: read.mark, tail };
  }

  /** Whoever claims a session is not its user yet. */
  async #reader(sessionId: string, { claim, userId, signal }: Change): Promise<string | undefined> {
    if (!claim) return userId;
    const metadata = await this.#store.metadata(sessionId, { signal });
    return metadata?.userId === null ? undefined : userId;
  }

  #encrypt(sessionId: string, { drop, append = [] }: Change, mark: SessionMark | null): Message[] {
    const kept = Math.max((mark?.length ?? 0) - drop, 0);
    return append.map((message, index) =>
      encryptMessage(this.#keys, { sessionId, position: kept + index }, message),
    );
  }

  async #apply(
    sessionId: string,
    change: Change,
    { tail, ...on }: Pick<Commit, 'expect' | 'append'> & Pick<Seen, 'tail'>,
  ): Promise<CommitResult> {
    const result = await this.#store.commit(sessionId, { ...change, ...on });
    const { mark, revision, repeated, dropped } = result;
    if (!repeated) {
      this.saw(sessionId, mark);
      return { mark, revision, repeated, dropped: tail };
    }
    const opened = change.dropUnreadable
      ? decryptPicked(this.#keys, sessionId, Infinity, dropped)
      : decryptRun(this.#keys, sessionId, placedByFirst(dropped));
    return { mark, revision, repeated, dropped: opened };
  }

  /** An operation that is known has its answer still, though the tail cannot be read by now. */
  async #repeat(sessionId: string, change: Change, damage: unknown): Promise<CommitResult> {
    if (!hasCode(damage, 'damaged_message', 'permission_denied')) throw damage;
    // No session has this epoch: whatever is not known is refused.
    const on = { expect: { epoch: '' }, append: change.append && [], tail: [] };
    const result = await this.#apply(sessionId, change, on).catch((error: unknown) => {
      throw hasCode(error, 'session_not_found') ? damage : error;
    });
    if (result.repeated) return result;
    throw damage;
  }
}

function isExact(expect: Commit['expect']): expect is SessionMark | null {
  return expect === null || (expect !== undefined && 'generation' in expect);
}

/** What the store is to expect: the exact history that the messages are encrypted for. */
function expectation(expect: Commit['expect'], seen: SessionMark | null): SessionMark | null {
  if (isExact(expect)) return expect;
  if (expect === undefined || expect.epoch === seen?.epoch) return seen;
  return { epoch: expect.epoch, generation: 0, length: 0, lastId: null };
}

/** Whether a commit was refused because of what we saw, and not because of what its caller expects. */
function isOutOfDate(
  error: unknown,
  ofCaller: Commit['expect'],
  expected: SessionMark | null,
): boolean {
  if (isExact(ofCaller)) return false;
  if (hasCode(error, 'conflict')) return !isOfValue(error);
  return ofCaller === undefined && expected !== null && hasCode(error, 'session_not_found');
}

/** A value has another revision than the caller expects: its field says so. */
function isOfValue(error: unknown): boolean {
  if (!(error instanceof Error) || !('field' in error)) return false;
  return typeof error.field === 'string' && error.field.startsWith('expectState.');
}
