import { conflict, Conversation, refuseGaps, sessionNotFound } from '@agent-sessions/session-core';
import type {
  Commit,
  CommitResult,
  ConversationOptions,
  Message,
  NewMessage,
  ReadQuery,
  ReadResult,
  SessionMark,
} from '@agent-sessions/session-core';

import { answersNoCall, endOfAnsweredCalls, endsTurn, indicesThatStay } from '../items/calls.ts';
import { itemsIn, toItem } from '../items/item-message.ts';
import { KnownHistory } from './known-history.ts';
import { isRefusal, unattainable, whileInConflict, withoutCall } from './refusals.ts';

/** What is committed to the session as it was seen. */
type Change = Pick<
  Commit,
  'drop' | 'append' | 'intent' | 'returnDropped' | 'dropUnreadable' | 'forgetOperations'
>;

/** How it is committed. */
interface Decision {
  readonly operationId?: string | undefined;
  /** The history that it was decided on. @defaultValue the session that was seen, whatever it holds */
  readonly expect?: SessionMark | null | undefined;
}

/**
 * What somebody sees of a session decides what they may write: a run, with the runs nested in it, or
 * all who are in none.
 *
 * A run is bound by what it reads first: the session that it finds, and how much of its history. It
 * reads again before it writes (after an approval, for a compaction), and so do nested runs; none of
 * that binds it anew. When every turn that was begun is stored whole, the next read begins another
 * run. Outside of runs, every read begins anew.
 */
export class SessionView {
  readonly conversation: Conversation;
  /** The session whoever asks, to tell another user's from none. */
  readonly #anybodys: Conversation;
  readonly #isOfRun: boolean;
  /** The epoch of the session that was seen; `null` where there was none, `undefined` before. */
  #seen: string | null | undefined;
  #known: KnownHistory | undefined;
  /** Of what was read last, the indices of what cannot be read. */
  #skipped: readonly number[] = [];
  /** How many turns were begun by a read and are not stored whole. */
  #openTurns = 0;

  constructor(options: ConversationOptions, isOfRun: boolean) {
    this.conversation = new Conversation(options);
    const { sessionId } = this.conversation;
    this.#anybodys = new Conversation({ store: options.store, sessionId });
    this.#isOfRun = isOfRun;
  }

  get isRead(): boolean {
    return this.#seen !== undefined;
  }

  /** Whether a turn was begun here that is not stored whole. */
  get isInTurn(): boolean {
    return this.#openTurns > 0;
  }

  /**
   * Reads for the caller, who knows from then on what was there.
   *
   * @throws SessionError `session_not_found` in a run where the session that was read first is gone
   * or is another by now, or where it is another user's: to that user, it would read as empty
   */
  async read(last: number | undefined): Promise<Message[]> {
    const { messages, mark, skipped } = await this.conversation.read({ last });
    if (this.#isOfRun && !this.isInTurn && mark === null) await this.#refuseAnothers();
    if (this.isInTurn) {
      this.#bind(mark);
    } else {
      this.#seen = mark?.epoch ?? null;
      this.#known = KnownHistory.upTo(mark);
    }
    this.#skipped = skipped;
    if (this.#isOfRun) this.#openTurns += 1;
    return messages;
  }

  /** Reads what a write is decided on, and tells the caller nothing. */
  async look(query: Omit<ReadQuery, 'userId'>): Promise<ReadResult> {
    const result = await this.conversation.read(query);
    if (this.#isOfRun) this.#bind(result.mark);
    else this.#seen = result.mark?.epoch ?? null;
    return result;
  }

  /**
   * Commits to the session that was seen, if one was.
   *
   * @throws SessionError in a run, for the result of a call that is not in history: `conflict`, or
   * `session_not_found` where there is no history
   */
  async commit(change: Change, decision: Decision = {}): Promise<CommitResult> {
    if (!this.#isOfRun) return this.#commit(change, decision);
    const added = itemsIn(change.append);
    const result = answersNoCall(added)
      ? await this.#commitAnswers(change, decision)
      : await this.#commit(change, decision);
    if (endsTurn(added)) this.#endTurn();
    return result;
  }

  /** Drops the last message and answers it. */
  async pop(): Promise<readonly Message[]> {
    const change = { drop: 1, returnDropped: true };
    if (!this.#isOfRun) return (await this.#commit(change)).dropped;
    // A run must know whether the message was one that it knew.
    return await whileInConflict(async () => {
      const { mark } = await this.look({ last: 0 });
      return (await this.#commit(change, { expect: mark })).dropped;
    });
  }

  /** Drops all there is and forgets the operations; outside of runs, whichever session is there. */
  async clear(): Promise<void> {
    if (!this.#isOfRun) this.#seen = undefined;
    const change = { drop: 'all', dropUnreadable: true, forgetOperations: true } as const;
    const { mark } = await this.#commit(change);
    this.#known = KnownHistory.upTo(mark);
  }

  /**
   * Replaces what the caller knows of history, what was read last or, in a run, first, and what was
   * written since, by its compaction. What others have added stays, after it.
   *
   * @throws SessionError `conflict` where others have changed history otherwise, and
   * `session_not_found`
   */
  async compact(compaction: readonly NewMessage[]): Promise<void> {
    const items = itemsIn(compaction);
    if (this.#isOfRun && answersNoCall(items)) throw withoutCall(this.conversation.sessionId);
    refuseGaps(this.conversation.sessionId, this.#skipped);
    await this.replace(this.#known, compaction);
    if (endsTurn(items)) this.#endTurn();
  }

  /**
   * {@link compact} of a history that the caller has read otherwise, without gaps; `undefined` for all
   * there is.
   */
  async replace(known: KnownHistory | undefined, compaction: readonly NewMessage[]): Promise<void> {
    await whileInConflict(async (refused) => {
      let stay: readonly Message[] = [];
      let expect = known?.mark;
      if (known && (refused || !known.isWhole)) {
        const { messages, mark, skipped } = await this.conversation.read();
        refuseGaps(this.conversation.sessionId, skipped);
        if (!known.isContinuedBy(mark, messages)) throw refused ?? this.#hasChanged(known, mark);
        stay = messagesThatStay(messages, known, compaction);
        expect = mark;
      }
      const append = [...compaction, ...stay];
      // What is dropped was read: nobody has to look at it again.
      const change = { drop: 'all', append, dropUnreadable: known !== undefined } as const;
      const { mark } = await this.#commit(change, { expect });
      this.#known = KnownHistory.upTo(mark, compaction.length);
    });
  }

  /** Commits results to the very history in which their calls were found. */
  async #commitAnswers(change: Change, decision: Decision): Promise<CommitResult> {
    const attempt = async () => {
      const { messages, mark } = await this.look({});
      if (!this.#hasCalls(messages, change)) return mark;
      const { operationId, expect = mark } = decision;
      return this.#commit(change, { operationId, expect });
    };
    const isDecided = decision.expect !== undefined;
    const found = await (isDecided ? attempt() : whileInConflict(attempt));
    if (found && 'repeated' in found) return found;
    const { sessionId } = this.conversation;
    const refusal = found ? withoutCall(sessionId) : sessionNotFound(sessionId);
    const { operationId } = decision;
    if (operationId === undefined) throw refusal;
    const repetition = { operationId, expect: unattainable(found) };
    return await this.#commit(change, repetition).catch((error: unknown) => {
      throw isRefusal(error) ? refusal : error;
    });
  }

  #hasCalls(messages: readonly Message[], { drop = 0, append }: Change): boolean {
    const kept = drop === 'all' ? 0 : Math.max(messages.length - drop, 0);
    const history = messages.slice(0, kept).map(toItem);
    const answers = itemsIn(append);
    if (answersNoCall(answers, history)) return false;
    // A run that goes on in another process has read what its model has never seen.
    this.#known = this.#known?.cutAt(endOfAnsweredCalls(history, answers));
    return true;
  }

  async #commit(change: Change, { operationId, expect }: Decision = {}): Promise<CommitResult> {
    const seen = typeof this.#seen === 'string' ? { epoch: this.#seen } : undefined;
    const result = await this.conversation.commit(change, {
      operationId,
      expect: expect === undefined ? seen : expect,
    });
    const { mark, repeated } = result;
    this.#seen = mark?.epoch ?? null;
    if (mark && !repeated) this.#learn(change, expect, mark);
    return result;
  }

  #endTurn(): void {
    this.#openTurns = Math.max(this.#openTurns - 1, 0);
  }

  /** What was written is known as well. */
  #learn({ drop = 0, append = [] }: Change, before: Decision['expect'], after: SessionMark): void {
    const known = this.#known ?? KnownHistory.upTo(null);
    if (drop !== 0 && before === undefined) return;
    const next =
      drop === 0
        ? known.grown(after, append.length)
        : known.replaced(before ?? null, after.length - append.length, after);
    // Outside of runs, those who read and those who write may know nothing of each other.
    if (this.#isOfRun || next.isWhole) this.#known = next;
  }

  /** A session that has begun since is joined; one that was seen must still be there. */
  #bind(mark: SessionMark | null): void {
    this.#seen ??= mark?.epoch ?? null;
    if (this.#seen === null || this.#seen === mark?.epoch) return;
    throw sessionNotFound(this.conversation.sessionId);
  }

  async #refuseAnothers(): Promise<void> {
    const { sessionId, userId } = this.conversation;
    if (userId === undefined) return;
    const found = await this.#anybodys.metadata();
    if (found && found.userId !== userId) throw sessionNotFound(sessionId);
  }

  #hasChanged(known: KnownHistory, mark: SessionMark | null): Error {
    const { sessionId } = this.conversation;
    const isSame = mark !== null && mark.epoch === known.mark?.epoch;
    return isSame ? conflict(sessionId) : sessionNotFound(sessionId);
  }
}

function messagesThatStay(
  messages: readonly Message[],
  known: KnownHistory,
  compaction: readonly NewMessage[],
): Message[] {
  const stay = new Set(
    indicesThatStay(messages.map(toItem), (index) => known.has(index), itemsIn(compaction)),
  );
  return messages.filter((_message, index) => stay.has(index));
}
