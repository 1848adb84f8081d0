import { Agent, type OutputGuardrail, Runner, tool } from '@openai/agents-core';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing';
import { z } from 'zod';

/** What the model of the agent says, from the beginning to the end. */
const script = [
  [
    functionCall('look', { at: 'orders' }, { callId: 'call_1' }),
    functionCall('delete_all', { what: 'orders' }, { callId: 'call_2' }),
  ],
  [assistantMessage('As you wish.', { id: 'msg_1' })],
  [assistantMessage('Good bye.', { id: 'msg_2' })],
];

/** An agent that must ask before it deletes, in whichever process it runs. */
export function newApprovalAgent(
  turnsBefore: number,
  { outputGuardrails = [] }: { outputGuardrails?: OutputGuardrail[] } = {},
) {
  return new Agent({
    name: 'Desk',
    outputGuardrails,
    model: new ScriptedModel(script.slice(turnsBefore)),
    tools: [
      tool({
        name: 'look',
        description: 'Needs no approval.',
        parameters: z.object({ at: z.string() }),
        execute: async ({ at }) => `There are two ${at}.`,
      }),
      tool({
        name: 'delete_all',
        description: 'Needs an approval.',
        parameters: z.object({ what: z.string() }),
        needsApproval: true,
        execute: async ({ what }) => `All ${what} are gone.`,
      }),
    ],
  });
}

export const runner = new Runner({ tracingDisabled: true });
