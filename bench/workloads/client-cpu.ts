import { randomUUID } from 'node:crypto';

import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import type { createClient } from 'redis';

import { median } from '../measure/statistics.ts';
import { recordOf } from '../peers/floors.ts';
import { messageAt } from '../peers/messages.ts';
import { driver } from '../peers/ours.ts';
import type { Figure } from '../report/results.ts';

type Client = ReturnType<typeof createClient>;

const bareAppend = 'bare JSON.ARRAPPEND of the same record';
/** With `: CPU of the client, × bare`, what goals are set for. */
export const clientCommit = 'a commit of one message';
export const clientAddItems = 'addItems of one item';

/** With so many, the system's part in it, which all have alike, is smallest. */
const inFlight = 64;
const times = 20 * inFlight;

/** What a call costs the client, with 64 in flight. */
export async function measureClientCpu(client: Client, rounds: number): Promise<Figure[]> {
  const usage: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round += 1) {
    // Of this round only, so that none becomes long.
    const key = `bench:cpu:${randomUUID()}`;
    await client.json.set(key, '$', { messages: [] });
    for (const [name, call] of Object.entries(callsOn(client, key))) {
      const before = process.cpuUsage();
      for (let count = 0; count < times; count += inFlight) {
        await Promise.all(Array.from({ length: inFlight }, call));
      }
      const { user, system } = process.cpuUsage(before);
      (usage[name] ??= []).push((user + system) / times);
    }
    await client.unlink(key);
  }
  // The first rounds are for the compiler.
  const settled = (name: string) => median((usage[name] ?? []).slice(Math.floor(rounds / 4)));
  return Object.keys(usage).flatMap((name) => [
    { what: `${name}: CPU of the client`, value: settled(name), unit: 'µs' },
    { what: `${name}: × bare`, value: settled(name) / settled(bareAppend), unit: '' },
  ]);
}

function callsOn(client: Client, key: string): Record<string, () => Promise<unknown>> {
  const { role, content } = messageAt(0);
  const record = { ...recordOf(messageAt(0)), tokens: null };
  const options = (name: string) => ({
    store: driver(client),
    sessionId: `${key}:${name}`,
    ttlMs: 60_000,
  });
  const conversation = new Conversation(options('commit'));
  const session = new AgentsSession(options('item'));
  const caller = new AgentsSession(options('result'));
  const called = { name: 'find_order', callId: 'call_1', status: 'completed' } as const;
  return {
    [bareAppend]: () => client.json.arrAppend(key, '$.messages', record),
    [clientCommit]: () => conversation.append([{ role, content }]),
    [clientAddItems]: () => session.addItems([{ type: 'message', role: 'user', content }]),
    'addItems of the result of a call': () =>
      caller.addItems([{ type: 'function_call_result', ...called, output: content }]),
  };
}
