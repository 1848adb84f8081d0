import { randomUUID } from 'node:crypto';

import { SessionError } from '@agent-sessions/session-core';
import type { SessionMark } from '@agent-sessions/session-core';
import type {
  AgentInputItem,
  OpenAIResponsesCompactionAwareSession,
  Session,
  SessionHistoryRewriteAwareSession,
  SessionHistoryTransactionAwareSession,
} from '@openai/agents-core';

import type { AgentsSession } from './agents-session.ts';
import { toItem } from '../items/item-message.ts';

/**
 * Makes the SDK's compaction wrapper safe on an {@link AgentsSession}, and gives it back what it
 * hides of the session, history transactions and mutations:
 *
 *     const session = compactingSession(new AgentsSession({ store }), (underlyingSession) =>
 *       new OpenAIResponsesCompactionSession({ underlyingSession }));
 *
 * The wrapper alone compacts by reading, clearing and adding: a crash in between loses the
 * conversation, and so does what others add in between. Here clearing waits for adding, both are
 * one commit, and what others have added since the wrapper read stays, after the compaction.
 *
 * The wrapper passes no run context on when it writes, so the session cannot be chosen by it.
 */
export function compactingSession<Wrapper extends OpenAIResponsesCompactionAwareSession>(
  session: AgentsSession,
  wrap: (underlyingSession: Session) => Wrapper,
): Wrapper & SessionHistoryTransactionAwareSession & SessionHistoryRewriteAwareSession {
  const underlying = new UnderlyingSession(session);
  const wrapper = wrap(underlying);
  const wrapped = {
    runCompaction: wrapper.runCompaction.bind(wrapper),
    addItems: wrapper.addItems.bind(wrapper),
    popItem: wrapper.popItem.bind(wrapper),
    clearSession: wrapper.clearSession.bind(wrapper),
  };

  // One after the other, so that whoever clears the session is not taken for the compaction.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async <T>(call: () => Promise<T> | T): Promise<T> => {
    const turn = last.then(call);
    last = turn.catch(() => {});
    return await turn;
  };

  type Compaction = OpenAIResponsesCompactionAwareSession['runCompaction'];
  const runCompaction: Compaction = (args, runContext, ownership, modelExchange) =>
    inTurn(async () => {
      const byHand = ownership === undefined;
      return await underlying.compact(async () => {
        // Left to itself, the wrapper compacts what it remembers. A failure to add makes it forget.
        if (byHand) wrapped.addItems([underlying.refusedItem]).catch(() => {});
        return wrapped.runCompaction(args, runContext, ownership, modelExchange);
      });
    });

  return Object.assign(wrapper, {
    runCompaction,
    addItems: (items: AgentInputItem[]) => inTurn(() => wrapped.addItems(items)),
    popItem: () => inTurn(wrapped.popItem),
    clearSession: () => inTurn(wrapped.clearSession),
    // Past the wrapper, which would take it for a read of its own.
    getItems: (limit?: number) => session.getItems(limit),
    applyHistoryTransaction: session.applyHistoryTransaction.bind(session),
    applyHistoryMutations: session.applyHistoryMutations.bind(session),
    replaceHistoryWithCompaction: session.replaceHistoryWithCompaction.bind(session),
  });
}

/** What the wrapper works on. In a compaction, clearing and adding become one replacement. */
class UnderlyingSession implements Session {
  /** An item that cannot be added. */
  readonly refusedItem = { role: 'user' as const, content: randomUUID() };
  readonly #session: AgentsSession;
  #compaction: { reads: (SessionMark | null)[]; cleared: boolean; failed: boolean } | undefined;

  constructor(session: AgentsSession) {
    this.#session = session;
  }

  async compact<T>(call: () => Promise<T>): Promise<T> {
    this.#compaction = { reads: [], cleared: false, failed: false };
    try {
      const result = await call();
      if (this.#compaction.cleared) await this.#replace([]);
      return result;
    } finally {
      this.#compaction = undefined;
    }
  }

  getSessionId(): Promise<string> {
    return this.#session.getSessionId();
  }

  async getItems(limit?: number): Promise<AgentInputItem[]> {
    if (!this.#compaction) return this.#session.getItems(limit);
    const { messages, mark } = await this.#session.conversation.read({ last: limit });
    this.#compaction.reads.push(mark);
    return messages.map(toItem);
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    const [first] = items;
    if (first && 'content' in first && first.content === this.refusedItem.content) {
      // What was read until now was read for whoever was waiting before.
      if (this.#compaction) this.#compaction.reads = [];
      throw new Error('Refused, so that the wrapper reads the history anew.');
    }
    if (this.#compaction?.cleared) {
      // Nothing was lost that the wrapper would have to restore.
      if (!this.#compaction.failed) await this.#replace(items);
      return;
    }
    await this.#session.addItems(items);
  }

  popItem(): Promise<AgentInputItem | undefined> {
    return this.#session.popItem();
  }

  async clearSession(): Promise<void> {
    if (this.#compaction) this.#compaction.cleared = true;
    else await this.#session.clearSession();
  }

  async #replace(items: AgentInputItem[]): Promise<void> {
    const compaction = this.#compaction;
    if (compaction === undefined) return;
    compaction.failed = true;
    await this.#session.replaceHistoryAt(decidedOn(compaction.reads), items);
    compaction.failed = false;
    compaction.cleared = false;
  }
}

/**
 * The history that the wrapper decided on. It reads once or twice before it asks the model for a
 * compaction, and once more after that; only the reads before count, and they must agree.
 */
function decidedOn(reads: readonly (SessionMark | null)[]): SessionMark | null {
  const [first = null, ...others] = reads.slice(0, -1);
  const agree = others.every(
    (mark) =>
      mark?.epoch === first?.epoch &&
      mark?.generation === first?.generation &&
      mark?.length === first?.length,
  );
  if (agree) return first;
  throw new SessionError(
    'conflict',
    'History has moved on while its compaction was decided; nothing was changed. Compact again.',
    { retryable: true },
  );
}
