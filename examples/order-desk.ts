// A conversation that outlives its process: an agent that hands over to another, which has a tool.
//
//   node order-desk.ts <session id> <what the user says> [<what the user says next> …]
//
// Environment: SESSION_STORE, the URL of the store (default redis://localhost:6379); SESSION_DRIVER,
// the module of its driver where that is not one of ours; OPENAI_API_KEY for a real model.
import { AgentsSession } from '@agent-sessions/agents-adapter';
import { openSessionStore } from '@agent-sessions/session-core';
import type { SessionStoreConfig } from '@agent-sessions/session-core';
import { Agent, run, tool } from '@openai/agents';
import { z } from 'zod';

import { scriptedModel } from './scripted-model.ts';

const model = process.env['OPENAI_API_KEY'] ? {} : { model: scriptedModel() };

const orderStatus = tool({
  name: 'order_status',
  description: 'Tells where an order is.',
  parameters: z.object({ orderId: z.string() }),
  execute: async ({ orderId }) => `Order ${orderId} left the warehouse and arrives on Thursday.`,
});

const orders = new Agent({
  name: 'Orders',
  instructions: 'You know everything about orders. Look them up before you answer.',
  tools: [orderStatus],
  ...model,
});

const desk = Agent.create({
  name: 'Desk',
  instructions: 'You welcome users by name. Questions about an order go to Orders.',
  handoffs: [orders],
  ...model,
});

/** Says each input in turn, in one session; what was said before, in whichever process, is known. */
export async function converse(config: SessionStoreConfig, sessionId: string, inputs: string[]) {
  // The one line that knows the store: `redis://…`, `memory:`, or a driver of your own.
  const store = await openSessionStore(config);
  try {
    const session = new AgentsSession({ store, sessionId, userId: 'ada' });
    for (const input of inputs) {
      const result = await run(desk, input, { session });
      await session.conversation.trackAgent(result.lastAgent?.name ?? desk.name);
      console.log(
        `  user       ${input}\n  ${result.lastAgent?.name.padEnd(10)} ${result.finalOutput}`,
      );
    }
    return {
      messages: await session.conversation.messages(),
      metadata: await session.conversation.load(),
    };
  } finally {
    await store.close();
  }
}

if (process.argv[1] === import.meta.filename) {
  const [sessionId, ...inputs] = process.argv.slice(2);
  if (sessionId === undefined || inputs.length === 0) {
    console.error('usage: order-desk.ts <session id> <what the user says> …');
    process.exitCode = 2;
  } else {
    const { SESSION_STORE: url = 'redis://localhost:6379', SESSION_DRIVER: driver } = process.env;
    await converse({ url, driver }, sessionId, inputs);
  }
}
