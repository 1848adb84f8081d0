import { AgentsSession, archiveItems } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, expect, test } from '@jest/globals';
import { Agent, Runner, user } from '@openai/agents-core';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing';

import { asItem } from './example-items.ts';
import { stores } from './stores.ts';

const call = (callId: string) => functionCall('look', {}, { callId });
const result = (callId: string) =>
  asItem({
    type: 'function_call_result',
    name: 'look',
    callId,
    status: 'completed',
    output: 'seen',
  });

describe.each(stores)('archiveItems, on $name', ({ useStore }) => {
  const { store, newSessionId } = useStore();
  const newSession = () => new AgentsSession({ store, sessionId: newSessionId() });
  const newArchive = () => new Conversation({ store: new MemorySessionStore() });
  const itemsOf = (archive: Conversation) =>
    archive.messages().then((all) => all.map(({ item }) => item));

  test('moves all but the last turns, and tears nothing apart', async () => {
    const session = newSession();
    const archive = newArchive();
    const [first, second] = [user('One?'), user('Two?')];
    const calls = [call('1'), call('2'), result('1'), result('2')];
    const items = [first, ...calls, assistantMessage('One.'), second, assistantMessage('Two.')];
    await session.addItems(items);
    expect(await archiveItems(session, archive, { turns: 1 })).toBe(6);
    expect(await session.getItems()).toEqual(items.slice(6));
    expect(await itemsOf(archive)).toEqual(items.slice(0, 6));
    // All that is left belongs together.
    await session.clearSession();
    await session.addItems([...calls, second]);
    const countTokens = () => 1;
    expect(await archiveItems(session, archive, { tokens: 3, countTokens })).toBe(4);
    expect(await session.getItems()).toEqual([second]);
  });

  test('between two runs, the second has what is left, and adds to it', async () => {
    const session = newSession();
    const archive = newArchive();
    const runner = new Runner({ tracingDisabled: true });
    const model = new ScriptedModel([[assistantMessage('Hello.')], [assistantMessage('Again.')]]);
    const agent = new Agent({ name: 'Desk', model });
    await runner.run(agent, 'Hi', { session });
    expect(await archiveItems(session, archive, { turns: 0 })).toBe(2);
    await runner.run(agent, 'Hi again', { session });
    expect(await session.getItems()).toHaveLength(2);
    expect(await itemsOf(archive)).toHaveLength(2);
  });
});
