import { isSessionError, refuseGaps } from '@agent-sessions/session-core';
import type { Conversation, SessionMark, SessionStore } from '@agent-sessions/session-core';
import { getLogger } from '@openai/agents-core';
import type {
  AgentInputItem,
  RunContext,
  RunContextAwareSession,
  SessionHistoryRewriteArgs,
  SessionHistoryRewriteAwareSession,
  SessionHistoryTransactionArgs,
  SessionHistoryTransactionAwareSession,
} from '@openai/agents-core';

import { tailChange } from './history-mutation.ts';
import {
  checkTransaction,
  endsWith,
  suffixChanged,
  transactionReused,
} from './history-transaction.ts';
import { itemsIn, toItem, toMessages } from '../items/item-message.ts';
import { KnownHistory } from './known-history.ts';
import { isRefusal, unattainable, whileInConflict } from './refusals.ts';
import { RunViews } from './run-views.ts';
import type { SessionChoice } from './session-choice.ts';
import { SessionView } from './session-view.ts';

/** @see {@link AgentsSession} */
export interface AgentsSessionOptions<TContext = unknown> {
  /** Where the session is kept. Stays open: who opened it closes it. */
  readonly store: SessionStore;
  /** @defaultValue a random id */
  readonly sessionId?: string | undefined;
  /** The user whose session it is. Where given, a session of another user is not found. */
  readonly userId?: string | undefined;
  /**
   * Milliseconds after the last write at which the session ends.
   * @defaultValue what the session was created with; a new session never ends
   */
  readonly ttlMs?: number | undefined;
  /**
   * Chooses the session from the context of the run, such as its tenant or user. Asked whenever a run
   * reads. What is no choice fails the run before anything is read: no `sessionId`, a `userId` that is
   * `undefined`, other members, a promise. `getSessionId` is not told of runs and answers the id above.
   * @defaultValue every run is in the same session
   */
  readonly choose?: ((context: TContext) => SessionChoice) | undefined;
  /**
   * Told of calls; items only where neither `dontLogModelData` nor `dontLogToolData` is set.
   * @defaultValue the SDK's logger `agent-sessions`, which `DEBUG=agent-sessions` shows
   */
  readonly logger?: ReturnType<typeof getLogger> | undefined;
}

/**
 * A session of the OpenAI Agents SDK on any store: `run(agent, input, { session })`.
 *
 * Items come back deep-equal to what went in, key order included: nothing is added to them,
 * re-validated or de-duplicated. Binary comes back as what went in; members that are `undefined`
 * are dropped and a Date becomes its ISO string, as in the runner's own comparison. What is added
 * is added as a whole or not at all, and is copied before the call returns.
 *
 * What a run reads first is what it may write to: if that session expires, is deleted or begins anew,
 * all that comes later in the run is refused with `session_not_found`, whatever it reads again, and so
 * is all of the runs that are nested in it. The result of a call that is no longer in history is
 * refused with `conflict`. A run context that is used again is the same run until every turn that it
 * has begun is stored whole. Who calls without one is bound by what was read last.
 *
 * Source: the `Session` protocol of `@openai/agents-core` 0.20 with all its optional capabilities;
 * its MemorySession is the reference in behaviour and errors. The hooks that prepare items for the
 * model or for comparison are left out: items come back as they were, so there is nothing to undo.
 */
export class AgentsSession<TContext = unknown>
  implements
    RunContextAwareSession<TContext>,
    SessionHistoryTransactionAwareSession,
    SessionHistoryRewriteAwareSession
{
  readonly acceptsRunContext = true;
  /** The session as the core sees it: its messages, metadata and agents. */
  readonly conversation: Conversation;
  readonly #logger: ReturnType<typeof getLogger>;
  readonly #viewWithoutRun: SessionView;
  readonly #runViews: RunViews<TContext>;

  /** @throws TypeError or RangeError `invalid_argument` for an id or a TTL that cannot be one */
  constructor(options: AgentsSessionOptions<TContext>) {
    const { store, userId, ttlMs, choose, logger = getLogger('agent-sessions') } = options;
    this.#logger = logger;
    this.#viewWithoutRun = new SessionView(options, false);
    this.conversation = this.#viewWithoutRun.conversation;
    const { sessionId } = this.conversation;
    this.#runViews = new RunViews({ store, sessionId, userId, ttlMs }, choose);
  }

  /** The id never changes, and asking costs nothing. */
  async getSessionId(): Promise<string> {
    return this.conversation.sessionId;
  }

  /**
   * Reads the whole history, or its last items in order.
   *
   * @param limit - how many of the last items; zero or less gives none
   * @throws RangeError `invalid_argument` where the limit is no whole number
   * @throws SessionError in a run `session_not_found`, for another user's session or one that is no
   * longer the one that the run has read first
   */
  async getItems(limit?: number, runContext?: RunContext<TContext>): Promise<AgentInputItem[]> {
    const view = runContext ? this.#runViews.toRead(runContext) : this.#viewWithoutRun;
    const messages = await view.read(limit);
    const items = messages.map(toItem);
    this.#log('Read', view, items);
    return items;
  }

  /**
   * Adds items at the end, contiguous, all or none.
   *
   * @throws SessionError `unstorable_value` naming the place of what JSON cannot carry,
   * `session_not_found` where the session that was read is no longer there, and in a run `conflict`
   * for the result of a call that is no longer in history
   */
  async addItems(items: AgentInputItem[], runContext?: RunContext<TContext>): Promise<void> {
    if (items.length === 0) return;
    const append = toMessages(items);
    const view = this.#view(runContext);
    await view.commit({ append });
    this.#log('Added', view, itemsIn(append));
  }

  /** Drops the last item and answers it; `undefined` where there is none. */
  async popItem(runContext?: RunContext<TContext>): Promise<AgentInputItem | undefined> {
    const view = this.#view(runContext);
    const items = (await view.pop()).map(toItem);
    this.#log('Dropped', view, items);
    return items[0];
  }

  /** Drops all items, and forgets the transactions that were applied. The session stays. */
  async clearSession(runContext?: RunContext<TContext>): Promise<void> {
    const view = this.#view(runContext);
    await view.clear();
    this.#log('Cleared', view, []);
  }

  /**
   * Applies a change of history once for its operation id, in whichever process it is repeated.
   *
   * The store remembers at least the last 1,000 operations of a session; MemorySession, for as long
   * as it lives, all of them.
   *
   * @throws UserError as MemorySession does: for arguments that are none, an id that was used for
   * another transaction, and a suffix that no longer matches
   */
  async applyHistoryTransaction(
    args: SessionHistoryTransactionArgs,
    runContext?: RunContext<TContext>,
  ): Promise<void> {
    const { operationId, type, expectedSuffix, append, intent } = await checkTransaction(args);
    const view = this.#view(runContext);
    const drop = expectedSuffix.length;
    try {
      if (type === 'append_items') {
        await view.commit({ append, intent }, { operationId });
        return;
      }
      await whileInConflict(async () => {
        const { messages, mark, skipped } = await view.look({ last: drop });
        const isThere = skipped.length === 0 && endsWith(messages, expectedSuffix);
        const expect = isThere ? mark : unattainable(mark);
        // What is dropped was read: nobody has to look at it again.
        const change = { drop, append, intent, dropUnreadable: true };
        await view.commit(change, { operationId, expect }).catch((error: unknown) => {
          if (isThere || !isRefusal(error)) throw error;
          // Not a repetition, then: the suffix has really changed, or cannot be read.
          refuseGaps(view.conversation.sessionId, skipped);
          throw suffixChanged();
        });
      });
    } catch (error) {
      throw isSessionError(error, 'operation_reused') ? transactionReused() : error;
    }
  }

  /** Replaces stored function calls, all or none of them, in the history as it is. */
  async applyHistoryMutations(
    { mutations }: SessionHistoryRewriteArgs,
    runContext?: RunContext<TContext>,
  ): Promise<void> {
    if (mutations.length === 0) return;
    const detached = structuredClone(mutations);
    const view = this.#view(runContext);
    await whileInConflict(async () => {
      const { messages, mark, skipped } = await view.look({});
      refuseGaps(view.conversation.sessionId, skipped);
      const change = { ...tailChange(messages, detached), dropUnreadable: true };
      if (change.drop > 0) await view.commit(change, { expect: mark });
    });
  }

  /**
   * Replaces the history that was read by its compaction, in one commit: what was read last or, in a
   * run, what the run read first and what it has written. Items that others have added stay, after
   * it, with the calls that they answer.
   *
   * @throws SessionError `conflict` where others have changed history otherwise, and
   * `session_not_found`
   */
  async replaceHistoryWithCompaction(
    items: AgentInputItem[],
    runContext?: RunContext<TContext>,
  ): Promise<void> {
    await this.#view(runContext).compact(toMessages(items));
  }

  /** Reads items, without gaps, for a caller that keeps its own account of what it has read. */
  async readHistory(
    limit?: number,
    runContext?: RunContext<TContext>,
  ): Promise<{ items: AgentInputItem[]; mark: SessionMark | null }> {
    const { conversation } = this.#view(runContext);
    const { messages, mark, skipped } = await conversation.read({ last: limit });
    refuseGaps(conversation.sessionId, skipped);
    return { items: messages.map(toItem), mark };
  }

  /**
   * {@link replaceHistoryWithCompaction} for a caller that keeps its own account of what it has read.
   *
   * @param seen - the history that the compaction was made of; `null` for none
   */
  async replaceHistoryAt(
    seen: SessionMark | null,
    items: AgentInputItem[],
    runContext?: RunContext<TContext>,
  ): Promise<void> {
    await this.#view(runContext).replace(KnownHistory.upTo(seen), toMessages(items));
  }

  #view(runContext: RunContext<TContext> | undefined): SessionView {
    return runContext ? this.#runViews.toGoOn(runContext) : this.#viewWithoutRun;
  }

  #log(what: string, { conversation }: SessionView, items: readonly unknown[]): void {
    const { debug } = this.#logger;
    // The SDK's says whether anybody listens; what else it is asked, it looks up in the environment.
    if ('enabled' in debug && debug.enabled === false) return;
    const { dontLogModelData, dontLogToolData } = this.#logger;
    const shown = dontLogModelData || dontLogToolData ? '(not logged)' : items;
    // As an argument: it is put into words only where somebody listens.
    this.#logger.debug('%s %d items of %s: %j', what, items.length, conversation.sessionId, shown);
  }
}
