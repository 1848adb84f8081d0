import type {
  Commit,
  CommitResult,
  Conversation,
  Message,
  ReadQuery,
  ReadResult,
  SessionMark,
} from '@agent-sessions/session-core';

/** What is committed to the session as it was seen. */
type Change = Pick<Commit, 'drop' | 'append' | 'intent' | 'returnDropped'>;

/** A run's view of its session: what it has seen decides what it may write. */
export class SessionView {
  readonly conversation: Conversation;
  /** Tells the session from others that had or will have its id; `null` where none was seen. */
  #epoch: string | null = null;
  /** The history that the caller knows; `null` for none, `undefined` where it has read nothing. */
  #known: SessionMark | null | undefined;

  constructor(conversation: Conversation) {
    this.conversation = conversation;
  }

  /** The history that a compaction by the caller stands for. */
  get known(): SessionMark | null | undefined {
    return this.#known;
  }

  /** Reads without telling the caller. */
  async read(query: Omit<ReadQuery, 'userId'>): Promise<ReadResult> {
    const result = await this.conversation.read(query);
    this.#epoch = result.mark?.epoch ?? null;
    return result;
  }

  /**
   * Reads for the caller.
   *
   * @param keepsKnown - what was added since the caller read first is not known to it: a run reads
   * again before it writes, but its model has only seen what the run began with
   */
  async readForCaller(last: number | undefined, keepsKnown: boolean): Promise<Message[]> {
    const { messages, mark } = await this.read({ last });
    if (!keepsKnown || !isGrowth(this.#known, mark)) this.#known = mark;
    return messages;
  }

  /** Commits to the session that was seen, if one was. */
  async commit(
    change: Change,
    options: { operationId?: string; expect?: SessionMark | null | undefined } = {},
  ): Promise<CommitResult> {
    const { operationId, expect } = options;
    const seen = this.#epoch === null ? undefined : { epoch: this.#epoch };
    const known = this.#known;
    const result = await this.conversation.commit(change, {
      operationId,
      expect: expect === undefined ? seen : expect,
    });
    const { mark, repeated } = result;
    this.#epoch = mark?.epoch ?? null;
    // The mark counts what others have done in between, which the caller does not know.
    const length = (known?.length ?? 0) + (change.append?.length ?? 0);
    const isOwn =
      expect === undefined
        ? isGrowth(known ?? null, mark) && mark?.length === length
        : isGrowth(known, expect) && known?.length === expect?.length;
    if (isOwn && !repeated) this.#known = mark;
    return result;
  }

  /** Drops all there is and forgets the operations, whichever session is there. */
  async clear(): Promise<void> {
    const change = { drop: 'all' as const, forgetOperations: true };
    const { mark } = await this.conversation.commit(change);
    this.#epoch = mark?.epoch ?? null;
    this.#known = mark;
  }
}

/** Whether one history became the other by growing only. */
function isGrowth(from: SessionMark | null | undefined, to: SessionMark | null): boolean {
  if (from === undefined) return false;
  if (from === null) return true;
  return to?.epoch === from.epoch && to.generation === from.generation && to.length >= from.length;
}
