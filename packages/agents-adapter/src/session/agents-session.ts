import { Conversation, SessionError } from '@agent-sessions/session-core';
import type { NewMessage, SessionMark, SessionStore } from '@agent-sessions/session-core';
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
import { toItem, toMessages } from '../items/item-message.ts';
import { SessionView } from './session-view.ts';

/** What distinguishes one session from another. */
export interface SessionChoice {
  readonly sessionId?: string | undefined;
  /** The user whose session it is. Where given, a session of another user is not found. */
  readonly userId?: string | undefined;
}

/** @see {@link AgentsSession} */
export interface AgentsSessionOptions<TContext = unknown> extends SessionChoice {
  /** Where the session is kept. Stays open: who opened it closes it. */
  readonly store: SessionStore;
  /** @defaultValue a random id */
  readonly sessionId?: string | undefined;
  /**
   * Milliseconds after the last write at which the session ends.
   * @defaultValue what the session was created with; a new session never ends
   */
  readonly ttlMs?: number | undefined;
  /**
   * Chooses the session from the context of the run, such as its tenant or user; what it leaves
   * out is as above. Asked once a run. `getSessionId` is not told of runs and answers the id above.
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
 * If the session expires, is deleted or begins anew after a run has read it, the run's next write
 * is refused with `session_not_found`, until the session is read again.
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
  readonly #options: AgentsSessionOptions<TContext>;
  readonly #logger: ReturnType<typeof getLogger>;
  readonly #viewWithoutRun: SessionView;
  /** The runner passes one context object to all calls of a run. */
  readonly #views = new WeakMap<object, SessionView>();

  /** @throws TypeError or RangeError `invalid_argument` for an id or a TTL that cannot be one */
  constructor(options: AgentsSessionOptions<TContext>) {
    this.#options = options;
    this.#logger = options.logger ?? getLogger('agent-sessions');
    this.conversation = new Conversation(options);
    this.#viewWithoutRun = new SessionView(this.conversation);
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
   */
  async getItems(limit?: number, runContext?: RunContext<TContext>): Promise<AgentInputItem[]> {
    const view = this.#view(runContext);
    const messages = await view.readForCaller(limit, runContext !== undefined);
    const items = messages.map(toItem);
    this.#log('Read', view, items);
    return items;
  }

  /**
   * Adds items at the end, contiguous, all or none.
   *
   * @throws SessionError `unstorable_value` naming the place of what JSON cannot carry, and
   * `session_not_found` where the session that was read is no longer there
   */
  async addItems(items: AgentInputItem[], runContext?: RunContext<TContext>): Promise<void> {
    if (items.length === 0) return;
    const append = toMessages(items);
    const view = this.#view(runContext);
    await view.commit({ append });
    this.#log(
      'Added',
      view,
      append.map(({ item }) => item),
    );
  }

  /** Drops the last item and answers it; `undefined` where there is none. */
  async popItem(runContext?: RunContext<TContext>): Promise<AgentInputItem | undefined> {
    const view = this.#view(runContext);
    const { dropped } = await view.commit({ drop: 1, returnDropped: true });
    const items = dropped.map(toItem);
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
        const { messages, mark } = await view.read({ last: drop });
        const isThere = endsWith(messages, expectedSuffix);
        const expect = isThere ? mark : unattainable(mark);
        const change = { drop, append, intent };
        await view.commit(change, { operationId, expect }).catch((error: unknown) => {
          // Not a repetition, then: the suffix has really changed.
          throw isThere || !isRefusal(error) ? error : suffixChanged();
        });
      });
    } catch (error) {
      throw isError(error, 'operation_reused') ? transactionReused() : error;
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
      const { messages, mark } = await view.read({});
      const { drop, append } = tailChange(messages, detached);
      if (drop > 0) await view.commit({ drop, append }, { expect: mark });
    });
  }

  /**
   * Replaces the history that was read by its compaction, in one commit: what was read last or, in a
   * run, first. Items that others have added since stay, after it.
   *
   * @throws SessionError `conflict` where others have changed history otherwise, and
   * `session_not_found`
   */
  async replaceHistoryWithCompaction(
    items: AgentInputItem[],
    runContext?: RunContext<TContext>,
  ): Promise<void> {
    const view = this.#view(runContext);
    await this.#compact(view, view.known, toMessages(items));
  }

  /**
   * {@link replaceHistoryWithCompaction} for a caller that keeps its own account of what it read.
   *
   * @param seen - the history that the compaction was made of; `null` for none
   */
  async replaceHistoryAt(seen: SessionMark | null, items: AgentInputItem[]): Promise<void> {
    await this.#compact(this.#viewWithoutRun, seen, toMessages(items));
  }

  async #compact(
    view: SessionView,
    seen: SessionMark | null | undefined,
    compaction: readonly NewMessage[],
  ): Promise<void> {
    let expect = seen;
    let added: readonly NewMessage[] = [];
    await whileInConflict(async (conflict) => {
      if (conflict && seen !== undefined) {
        const since = await view.conversation.read(seen ? { since: seen } : {});
        if (seen && !since.continues) throw conflict;
        added = since.messages;
        expect = since.mark;
      }
      await view.commit({ drop: 'all', append: [...compaction, ...added] }, { expect });
    });
  }

  #view(runContext: RunContext<TContext> | undefined): SessionView {
    if (runContext === undefined) return this.#viewWithoutRun;
    const known = this.#views.get(runContext);
    if (known) return known;
    const view = new SessionView(this.#chosen(runContext.context));
    this.#views.set(runContext, view);
    return view;
  }

  #chosen(context: TContext): Conversation {
    const choice = this.#options.choose?.(context);
    if (choice === undefined) return this.conversation;
    const { sessionId = this.conversation.sessionId, userId = this.#options.userId } = choice;
    return new Conversation({ ...this.#options, sessionId, userId });
  }

  #log(what: string, { conversation }: SessionView, items: readonly unknown[]): void {
    const { dontLogModelData, dontLogToolData } = this.#logger;
    const shown = dontLogModelData || dontLogToolData ? '(not logged)' : items;
    // As an argument: it is put into words only where somebody listens.
    this.#logger.debug('%s %d items of %s: %j', what, items.length, conversation.sessionId, shown);
  }
}

/** Repeats what reads and then commits for as long as others commit in between. */
async function whileInConflict(attempt: (conflict?: SessionError) => Promise<void>): Promise<void> {
  let conflict: SessionError | undefined;
  for (;;) {
    try {
      await attempt(conflict);
      return;
    } catch (error) {
      // Each conflict is somebody else's success, so this ends.
      if (!isError(error, 'conflict') || error === conflict) throw error;
      conflict = error;
    }
  }
}

/** A mark that no history has: a commit that expects it can only be a repetition. */
function unattainable(mark: SessionMark | null): SessionMark {
  return { epoch: mark?.epoch ?? '', generation: -1, length: 0, lastId: null };
}

function isRefusal(error: unknown): boolean {
  return isError(error, 'conflict') || isError(error, 'session_not_found');
}

function isError(error: unknown, code: SessionError['code']): error is SessionError {
  return error instanceof SessionError && error.code === code;
}
