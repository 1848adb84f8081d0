import { Conversation, SessionError } from '@agent-sessions/session-core';
import type {
  Commit,
  CommitResult,
  Message,
  NewMessage,
  ReadQuery,
  SessionMark,
  SessionStore,
} from '@agent-sessions/session-core';
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
import { toItem, toMessages } from './item-message.ts';

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

/** A run's view of its session: what it has seen decides what it may write. */
interface View {
  readonly conversation: Conversation;
  /** `null` where no session was seen. */
  mark: SessionMark | null;
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
  readonly #viewWithoutRun: View;
  /** The runner passes one context object to all calls of a run. */
  readonly #views = new WeakMap<object, View>();

  /** @throws TypeError or RangeError `invalid_argument` for an id or a TTL that cannot be one */
  constructor(options: AgentsSessionOptions<TContext>) {
    this.#options = options;
    this.#logger = options.logger ?? getLogger('agent-sessions');
    this.conversation = new Conversation(options);
    this.#viewWithoutRun = { conversation: this.conversation, mark: null };
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
    const messages = await this.#read(this.#view(runContext), { last: limit });
    const items = messages.map(toItem);
    this.#log('Read', items);
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
    await this.#commit(this.#view(runContext), { append });
    this.#log('Added', items);
  }

  /** Drops the last item and answers it; `undefined` where there is none. */
  async popItem(runContext?: RunContext<TContext>): Promise<AgentInputItem | undefined> {
    const change = { drop: 1, returnDropped: true };
    const { dropped } = await this.#commit(this.#view(runContext), change);
    const items = dropped.map(toItem);
    this.#log('Dropped', items);
    return items[0];
  }

  /** Drops all items, and forgets the transactions that were applied. The session stays. */
  async clearSession(runContext?: RunContext<TContext>): Promise<void> {
    const view = this.#view(runContext);
    const change = { drop: 'all' as const, forgetOperations: true };
    const { mark } = await view.conversation.commit(change);
    view.mark = mark;
    this.#log('Cleared', []);
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
        await this.#commit(view, { append, intent }, { operationId });
        return;
      }
      await whileInConflict(async () => {
        const suffix = await this.#read(view, { last: drop });
        const isThere = endsWith(suffix, expectedSuffix);
        const expect = isThere ? view.mark : unattainable(view.mark);
        const change = { drop, append, intent };
        await this.#commit(view, change, { operationId, expect }).catch((error: unknown) => {
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
      const { drop, append } = tailChange(await this.#read(view, {}), detached);
      if (drop > 0) await this.#commit(view, { drop, append }, { expect: view.mark });
    });
  }

  /**
   * Replaces the history that was read last by its compaction, in one commit. Items that others
   * have added since stay, after it.
   *
   * @throws SessionError `conflict` where others have changed history otherwise, and
   * `session_not_found`
   */
  async replaceHistoryWithCompaction(
    items: AgentInputItem[],
    runContext?: RunContext<TContext>,
  ): Promise<void> {
    const view = this.#view(runContext);
    await this.#compact(view, view.mark, toMessages(items));
  }

  /**
   * {@link replaceHistoryWithCompaction} for a caller that keeps its own account of what it read.
   *
   * @param seen - the history that the compaction was made of; `null` for whatever is there
   */
  async replaceHistoryAt(seen: SessionMark | null, items: AgentInputItem[]): Promise<void> {
    await this.#compact(this.#viewWithoutRun, seen, toMessages(items));
  }

  async #compact(
    view: View,
    seen: SessionMark | null,
    compaction: readonly NewMessage[],
  ): Promise<void> {
    let expect = seen ?? undefined;
    let added: readonly NewMessage[] = [];
    await whileInConflict(async (conflict) => {
      if (conflict && seen) {
        const since = await view.conversation.read({ since: seen });
        if (!since.continues) throw conflict;
        added = since.messages;
        expect = since.mark ?? undefined;
      }
      await this.#commit(view, { drop: 'all', append: [...compaction, ...added] }, { expect });
    });
  }

  #view(runContext: RunContext<TContext> | undefined): View {
    if (runContext === undefined) return this.#viewWithoutRun;
    const known = this.#views.get(runContext);
    if (known) return known;
    const view = { conversation: this.#chosen(runContext.context), mark: null };
    this.#views.set(runContext, view);
    return view;
  }

  #chosen(context: TContext): Conversation {
    const choice = this.#options.choose?.(context);
    if (choice === undefined) return this.conversation;
    const { sessionId = this.conversation.sessionId, userId = this.#options.userId } = choice;
    return new Conversation({ ...this.#options, sessionId, userId });
  }

  async #read(view: View, query: Omit<ReadQuery, 'userId'>): Promise<Message[]> {
    const { messages, mark } = await view.conversation.read(query);
    view.mark = mark;
    return messages;
  }

  /** Commits to the session that was seen, if one was. */
  async #commit(
    view: View,
    change: Pick<Commit, 'drop' | 'append' | 'intent' | 'returnDropped'>,
    options: { operationId?: string; expect?: Commit['expect'] } = {},
  ): Promise<CommitResult> {
    const expect = view.mark ? { epoch: view.mark.epoch } : undefined;
    const result = await view.conversation.commit(change, { expect, ...options });
    view.mark = result.mark;
    return result;
  }

  #log(what: string, items: readonly AgentInputItem[]): void {
    const { dontLogModelData, dontLogToolData } = this.#logger;
    const shown = dontLogModelData || dontLogToolData ? '(not logged)' : items;
    // As an argument: it is put into words only where somebody listens.
    this.#logger.debug(
      '%s %d items of %s: %j',
      what,
      items.length,
      this.conversation.sessionId,
      shown,
    );
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
