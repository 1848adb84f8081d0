import type {
  CheckedCommit,
  Commit,
  CommitResult,
  Message,
  SessionMark,
  SessionStore,
} from '@agent-sessions/session-core';

import { BoundedMap } from './bounded-map.ts';
import { hasCode, movedOnTooOften, pauseBefore } from './contention.ts';
import { decryptRun } from './history-decryption.ts';
import { claimsOf, encryptMessage } from './message-encryption.ts';
import type { SessionKeys } from './session-keys.ts';
import { Turns } from './turns.ts';

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
    let result = this.#commitUnder(current, sessionId, commit);
    for (const keyId of earlier) {
      result = result.catch((error: unknown) => {
        if (!hasCode(error, 'operation_reused')) throw error;
        return this.#commitUnder(keyId, sessionId, commit);
      });
    }
    return result;
  }

  #commitUnder(keyId: string, sessionId: string, commit: CheckedCommit): Promise<CommitResult> {
    const intent = this.#keys.intent(keyId, sessionId, commit.fingerprint);
    const { expect, signal } = commit;
    const change = changeOf(commit, intent);
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
    const { userId, signal } = change;
    const last = answersTail(change) ? change.drop : 0;
    const { messages, mark } = await this.#store.read(sessionId, { last, userId, signal });
    const first = (mark?.length ?? 0) - messages.length;
    return { mark, tail: decryptRun(this.#keys, sessionId, first, messages) };
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
    const { state: _1, expectState: _2, usage: _3, ...inClear } = change;
    const result = await this.#store.commit(sessionId, { ...inClear, ...on });
    const { mark, revision, repeated, dropped } = result;
    if (!repeated) {
      this.saw(sessionId, mark);
      return { mark, revision, repeated, dropped: tail };
    }
    const [first] = dropped;
    const position = (first && claimsOf(first)?.position) ?? 0;
    const opened = decryptRun(this.#keys, sessionId, position, dropped);
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

/** A commit for the store beneath, without the fingerprint: that is a plain hash of the content. */
type Change = Omit<
  CheckedCommit,
  'newEpoch' | 'nowMs' | 'fingerprint' | 'appendTokens' | 'touches'
> & {
  readonly intent: string;
};

function changeOf(commit: CheckedCommit, intent: string): Change {
  const { newEpoch: _1, nowMs: _2, fingerprint: _3, appendTokens: _4, ...rest } = commit;
  const { touches: _5, ...change } = rest;
  return { ...change, intent };
}

function answersTail({ returnDropped, drop }: Change): boolean {
  return returnDropped && drop > 0;
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
  if (hasCode(error, 'conflict')) return true;
  return ofCaller === undefined && expected !== null && hasCode(error, 'session_not_found');
}
