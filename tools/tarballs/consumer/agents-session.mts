// A program of somebody who uses the Agents SDK, on each store whose URL it is given.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { AgentsSession } from '@agent-sessions/agents-adapter';
import { openSessionStore } from '@agent-sessions/session-core';
import { Agent, run } from '@openai/agents';
import { assistantMessage, ScriptedModel } from '@openai/agents/testing';

for (const url of process.argv.slice(2)) {
  const store = await openSessionStore(url);
  const sessionId = randomUUID();
  const session = new AgentsSession({ store, sessionId, userId: 'ada', ttlMs: 60_000 });

  const model = new ScriptedModel([[assistantMessage('Hello.')], [assistantMessage('Ada.')]]);
  const agent = new Agent({ name: 'Desk', model });
  await run(agent, 'I am Ada.', { session });
  const { finalOutput } = await run(agent, 'Who am I?', { session });
  assert.equal(finalOutput, 'Ada.');
  assert.equal((await session.getItems()).length, 4);

  const { messageCount } = await session.conversation.load();
  assert.equal(messageCount, 4);
  await store.delete(sessionId);
  await store.close();
}
