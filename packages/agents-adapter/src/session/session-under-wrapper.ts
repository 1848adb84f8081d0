import { SessionError } from '@agent-sessions/session-core';
import type { SessionMark } from '@agent-sessions/session-core';
import type { AgentInputItem, RunContext, Session } from '@openai/agents-core';

import { awaitsAnswer } from '../items/calls.ts';
import type { AgentsSession } from './agents-session.ts';

/** A call of the compaction wrapper, on whose behalf it turns to the session beneath. */
export interface Call<TContext> {
  readonly runContext: RunContext<TContext> | undefined;
  /** Where the call compacts. */
  readonly compaction?: Compaction;
  /** Where the call makes the wrapper forget what it remembers, which a failure to pop does. */
  readonly forgets?: boolean;
}

/** One compaction by the wrapper: what it has read so far, and how far it is. */
export interface Compaction {
  readonly isByItself: boolean;
  readonly reads: (SessionMark | null)[];
  stage: 'reading' | 'cleared' | 'replaced' | 'failed' | 'over';
}

/** A call in the history waits for its result, which would find the call gone after a compaction. */
export class CallAwaitsResult extends Error {}

/**
 * What the SDK's wrapper works on: the session, for the run that the wrapper is called by. In a
 * compaction, its clearing and adding become one replacement of what it has read.
 */
export class SessionUnderWrapper<TContext> implements Session {
  readonly #session: AgentsSession<TContext>;
  readonly #currentCall: () => Call<TContext> | undefined;

  constructor(session: AgentsSession<TContext>, currentCall: () => Call<TContext> | undefined) {
    this.#session = session;
    this.#currentCall = currentCall;
  }

  getSessionId(): Promise<string> {
    return this.#session.getSessionId();
  }

  async getItems(limit?: number): Promise<AgentInputItem[]> {
    const { runContext, compaction } = this.#call();
    if (!compaction) return this.#session.getItems(limit, runContext);
    const { items, mark } = await this.#session.readHistory(limit, runContext);
    const isFirst = compaction.reads.length === 0;
    if (isFirst && compaction.isByItself && awaitsAnswer(items)) throw new CallAwaitsResult();
    compaction.reads.push(mark);
    return items;
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    const { runContext, compaction } = this.#call();
    if (compaction?.stage === 'cleared') return this.replace(compaction, items, runContext);
    // Nothing was lost that the wrapper would have to restore.
    if (compaction?.stage === 'failed') return;
    await this.#session.addItems(items, runContext);
  }

  async popItem(): Promise<AgentInputItem | undefined> {
    const { runContext, forgets } = this.#call();
    if (forgets) throw new Error('Refused, so that the wrapper reads the history anew.');
    return this.#session.popItem(runContext);
  }

  async clearSession(): Promise<void> {
    const { runContext, compaction } = this.#call();
    if (compaction?.stage === 'reading') compaction.stage = 'cleared';
    if (!compaction) await this.#session.clearSession(runContext);
  }

  /** Replaces what the compaction was made of. */
  async replace(
    compaction: Compaction,
    items: AgentInputItem[],
    runContext: RunContext<TContext> | undefined,
  ): Promise<void> {
    compaction.stage = 'failed';
    await this.#session.replaceHistoryAt(decidedOn(compaction.reads), items, runContext);
    compaction.stage = 'replaced';
  }

  /** The call that this is for; none where it is not the wrapper who turns to the session. */
  #call(): Partial<Call<TContext>> {
    const call = this.#currentCall();
    return call?.compaction?.stage === 'over' ? {} : { ...call };
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
