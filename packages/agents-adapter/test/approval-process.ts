// One process of several conversations that wait for an approval in between. In each it either says
// something to the agent, or goes on from a state that another process has printed. It prints what
// came of them.
import { AgentsSession } from '@agent-sessions/agents-adapter';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { RunState } from '@openai/agents-core';
import { createClient } from 'redis';
import Type, { type Static } from 'typebox';

import { newApprovalAgent, runner } from './approval-agent.ts';
import { childInput } from './child-input.ts';

const Step = Type.Object({
  url: Type.String(),
  /** Whether to connect again after the connection was lost. */
  reconnects: Type.Optional(Type.Boolean()),
  sessionId: Type.String(),
  turnsBefore: Type.Number(),
  say: Type.Optional(Type.String()),
  state: Type.Optional(Type.String()),
  decide: Type.Optional(Type.Union([Type.Literal('approve'), Type.Literal('reject')])),
});

const answers = await Promise.all(childInput(Type.Array(Step)).map(converse));
console.log(JSON.stringify(answers));

async function converse({ url, reconnects = true, sessionId, ...step }: Static<typeof Step>) {
  const client = createClient({ url, socket: { reconnectStrategy: reconnects && 10 } });
  client.on('error', () => {});
  await client.connect();
  const session = new AgentsSession({ store: new RedisJsonSessionStore(client), sessionId });
  const agent = newApprovalAgent(step.turnsBefore);
  try {
    if (step.state === undefined) {
      const result = await runner.run(agent, step.say ?? '', { session });
      const waitingFor = result.interruptions.map(({ name }) => name);
      return { finalOutput: result.finalOutput, waitingFor, state: result.state.toString() };
    }
    const state = await RunState.fromString(agent, step.state);
    if (step.decide) {
      for (const interruption of state.getInterruptions()) state[step.decide](interruption);
    }
    try {
      const { finalOutput } = await runner.run(agent, state, { session });
      return { finalOutput, state: state.toString() };
    } catch (error) {
      return { error: String(error), state: state.toString() };
    }
  } finally {
    if (client.isOpen) await client.disconnect();
  }
}
