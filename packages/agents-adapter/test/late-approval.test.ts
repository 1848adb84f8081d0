import { AgentsSession, compactingSession } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';
import { OpenAIResponsesCompactionSession } from '@openai/agents';
import {
  type AgentInputItem,
  type OutputGuardrail,
  RunState,
  type Session,
  user,
} from '@openai/agents-core';

import { until } from '../../../tools/until.ts';
import { newApprovalAgent, runner } from './approval-agent.ts';
import { failureOf } from './failure.ts';
import { stores } from './stores.ts';

process.env['OPENAI_API_KEY'] = 'none';
const compaction: AgentInputItem = { type: 'compaction', id: 'cmp', encrypted_content: 'abcd=' };
const guardrail: OutputGuardrail = {
  name: 'Politeness',
  execute: async () => ({ tripwireTriggered: false, outputInfo: {} }),
};

/** All that a late approval may differ in, beside what happens to the session meanwhile. */
const ways = [false, true].flatMap((elsewhere) =>
  [false, true].flatMap((stream) =>
    (['approve', 'reject'] as const).flatMap((decide) =>
      [false, true].flatMap((isGuarded) =>
        [false, true].map((isWrapped) => ({ elsewhere, stream, decide, isGuarded, isWrapped })),
      ),
    ),
  ),
);
type Way = (typeof ways)[number];
/** A few in which each two of these meet; where the store is far, they are enough. */
const fewWays = ways.filter(
  ({ stream, decide, isGuarded, isWrapped }) =>
    isGuarded === stream && isWrapped === (decide === 'reject'),
);

describe.each(stores)('B1 on $name, an approval that comes when the session', (on) => {
  const { store, newSessionId } = on.useStore();
  const tried = on.name === 'memory' ? ways : fewWays;

  const newSession = (sessionId: string, { isWrapped }: Way): Session => {
    const session = new AgentsSession({ store, sessionId });
    if (!isWrapped) return session;
    return compactingSession(
      session,
      (underlyingSession) => new OpenAIResponsesCompactionSession({ underlyingSession }),
    );
  };

  /** A run that waits for its approval, and what goes on from there. */
  async function waitForApproval(sessionId: string, way: Way) {
    const outputGuardrails = way.isGuarded ? [guardrail] : [];
    const agent = newApprovalAgent(0, { outputGuardrails });
    type Input = string | RunState<unknown, typeof agent>;
    const run = async (input: Input, session: Session) => {
      if (!way.stream) return (await runner.run(agent, input, { session })).state;
      const result = await runner.run(agent, input, { session, stream: true });
      await result.completed;
      return result.state;
    };
    const session = newSession(sessionId, way);
    const state = await run('Delete all orders', session);
    const text = state.toString();
    return async () => {
      const later = way.elsewhere ? await RunState.fromString(agent, text) : state;
      for (const interruption of later.getInterruptions()) later[way.decide](interruption);
      return run(later, way.elsewhere ? newSession(sessionId, way) : session);
    };
  }

  const endings: Record<string, (other: AgentsSession) => Promise<unknown>> = {
    'has expired': async ({ conversation: { sessionId } }) => {
      await new Conversation({ store, sessionId, ttlMs: 1 }).append([]);
      await until('it has', async () => (await store.metadata(sessionId)) === undefined);
    },
    'was deleted': (other) => other.conversation.delete(),
    'was begun anew': async (other) => {
      await other.conversation.delete();
      const { sessionId } = other.conversation;
      await new AgentsSession({ store, sessionId }).addItems([user('another conversation')]);
    },
    'was compacted': async (other) => {
      await other.getItems();
      await other.replaceHistoryWithCompaction([compaction, user('kept')]);
    },
    'has a compaction at its end': (other) => other.addItems([compaction, user('kept')]),
    'was cleared': (other) => other.clearSession(),
    'has lost the call': async (other) => {
      while ((await other.popItem())?.type !== 'function_call') continue;
    },
  };

  describe.each(Object.entries(endings))('%s', (_ending, end) => {
    test.each(tried)('stores nothing: %j', async (way) => {
      const sessionId = newSessionId();
      const other = new AgentsSession({ store, sessionId });
      await other.addItems([user('before')]);
      const goOn = await waitForApproval(sessionId, way);
      await end(other);

      const left = await other.conversation.read();
      const error = await failureOf(goOn);
      expect(['session_not_found', 'conflict']).toContain('code' in error ? error.code : error);
      expect(await other.conversation.read()).toEqual(left);
    });
  });

  test.each(tried)('is as it was, stores the turn once: %j', async (way) => {
    const sessionId = newSessionId();
    const goOn = await waitForApproval(sessionId, way);
    const other = new AgentsSession({ store, sessionId });
    await other.addItems([user('meanwhile')]);
    await goOn();
    const types = (await other.getItems()).map((item) => item.type);
    expect(types).toEqual([
      ...['message', 'function_call', 'function_call', 'function_call_result'],
      ...['message', 'function_call_result', 'message'],
    ]);
  });
});
