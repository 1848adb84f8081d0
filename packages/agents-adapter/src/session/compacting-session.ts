import { AsyncLocalStorage } from 'node:async_hooks';

import { isOpenAIResponsesCompactionOwnershipAwareSession } from '@openai/agents-core';
import type {
  AgentInputItem,
  OpenAIResponsesCompactionAwareSession,
  OpenAIResponsesCompactionOwnershipAwareSession,
  RunContext,
  RunContextAwareSession,
  Session,
  SessionHistoryRewriteAwareSession,
  SessionHistoryTransactionAwareSession,
} from '@openai/agents-core';

import type { AgentsSession } from './agents-session.ts';
import {
  type Call,
  CallAwaitsResult,
  type Compaction,
  SessionUnderWrapper,
} from './session-under-wrapper.ts';

/**
 * Makes the SDK's compaction wrapper safe on an {@link AgentsSession}, and gives it back what it
 * hides of the session: the run context, history transactions and mutations.
 *
 *     const session = compactingSession(new AgentsSession({ store }), (underlyingSession) =>
 *       new OpenAIResponsesCompactionSession({ underlyingSession }));
 *
 * The wrapper alone compacts by reading, clearing and adding: a crash in between loses the
 * conversation, and so does what others add in between. Here clearing waits for adding, both are
 * one commit, and what others have added since the wrapper read stays, after the compaction.
 *
 * By itself, a history is not compacted while a call in it waits for its result, as for an approval.
 * By hand, the history is compacted as it is, unless `responseId` says of which response.
 */
export function compactingSession<
  Wrapper extends OpenAIResponsesCompactionAwareSession,
  TContext = unknown,
>(
  session: AgentsSession<TContext>,
  wrap: (underlyingSession: Session) => Wrapper,
): Wrapper &
  RunContextAwareSession<TContext> &
  SessionHistoryTransactionAwareSession &
  SessionHistoryRewriteAwareSession {
  type Context = RunContext<TContext> | undefined;
  type RunCompaction = OpenAIResponsesCompactionAwareSession['runCompaction'];

  // Says on whose behalf the wrapper turns to the session beneath it. It passes no run context on,
  // and several calls of it may be under way.
  const calls = new AsyncLocalStorage<Call<TContext>>();
  const underlying = new SessionUnderWrapper(session, () => calls.getStore());
  const wrapper = wrap(underlying);
  const wrapped = {
    runCompaction: wrapper.runCompaction.bind(wrapper),
    addItems: wrapper.addItems.bind(wrapper),
    popItem: wrapper.popItem.bind(wrapper),
    clearSession: wrapper.clearSession.bind(wrapper),
  };

  /** Whether who calls is called by the compaction, as its hooks are: the wrapper would wait for itself. */
  const isInCompaction = () => {
    const { stage = 'over' } = calls.getStore()?.compaction ?? {};
    return stage !== 'over';
  };
  const through = <Result>(
    runContext: Context,
    ofWrapper: () => Promise<Result>,
    ofSession: () => Promise<Result>,
  ) => (isInCompaction() ? ofSession() : calls.run({ runContext }, ofWrapper));

  const runCompaction: RunCompaction = async (args, runContext: Context, ownership, exchange) => {
    if (isInCompaction()) return null;
    const compaction: Compaction = {
      isByItself: ownership !== undefined,
      reads: [],
      stage: 'reading',
    };
    // By hand, the wrapper would compact what it remembers, be it of another run or session.
    if (!compaction.isByItself) {
      calls.run({ runContext, forgets: true }, wrapped.popItem).catch(() => {});
    }
    try {
      const result = await calls.run({ runContext, compaction }, async () =>
        wrapped.runCompaction(args, runContext, ownership, exchange),
      );
      if (compaction.stage === 'cleared') await underlying.replace(compaction, [], runContext);
      return result;
    } catch (error) {
      if (error instanceof CallAwaitsResult) return null;
      throw error;
    } finally {
      compaction.stage = 'over';
    }
  };

  return Object.assign(wrapper, {
    ...ownershipOf(wrapper, session, through),
    acceptsRunContext: true as const,
    runCompaction,
    // Past the wrapper, which would take it for a read of its own.
    getItems: session.getItems.bind(session),
    addItems: (items: AgentInputItem[], runContext?: Context) =>
      through(
        runContext,
        () => wrapped.addItems(items),
        () => session.addItems(items, runContext),
      ),
    popItem: (runContext?: Context) =>
      through(runContext, wrapped.popItem, () => session.popItem(runContext)),
    clearSession: (runContext?: Context) =>
      through(runContext, wrapped.clearSession, () => session.clearSession(runContext)),
    applyHistoryTransaction: session.applyHistoryTransaction.bind(session),
    applyHistoryMutations: session.applyHistoryMutations.bind(session),
    replaceHistoryWithCompaction: session.replaceHistoryWithCompaction.bind(session),
  });
}

/** What a wrapper reads and adds by that compacts only what it has read itself. */
function ownershipOf<TContext>(
  wrapper: Session,
  session: AgentsSession<TContext>,
  through: <Result>(
    runContext: RunContext<TContext> | undefined,
    ofWrapper: () => Promise<Result>,
    ofSession: () => Promise<Result>,
  ) => Promise<Result>,
): Partial<OpenAIResponsesCompactionOwnershipAwareSession> {
  if (!isOpenAIResponsesCompactionOwnershipAwareSession(wrapper)) return {};
  const read = wrapper.getItemsWithCompactionOwnership.bind(wrapper);
  const add = wrapper.addItemsWithCompactionOwnership.bind(wrapper);
  return {
    getItemsWithCompactionOwnership: (runContext) =>
      through(
        runContext,
        () => read(runContext),
        async () => ({ items: await session.getItems(undefined, runContext), ownership: {} }),
      ),
    addItemsWithCompactionOwnership: (items, ownership, runContext) =>
      through(
        runContext,
        () => add(items, ownership, runContext),
        () => session.addItems(items, runContext),
      ),
  };
}
