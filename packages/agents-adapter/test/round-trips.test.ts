import { AgentsSession } from '@agent-sessions/agents-adapter';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent, type AgentInputItem, Runner, tool, user } from '@openai/agents-core';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing';
import { createClient } from 'redis';
import { z } from 'zod';

import {
  type CountingProxy,
  startCountingProxy,
} from '../../session-redisjson/test/counting-proxy.ts';
import { failureOf } from './failure.ts';
import { useRedis } from './stores.ts';

const [a, b, c] = [user('a'), user('b'), user('c')];
const call = functionCall('f', {}, { callId: '1' });

describe('Counted at the socket,', () => {
  const redis = useRedis();
  let proxy: CountingProxy;
  let client: ReturnType<typeof createClient>;
  let session: AgentsSession;

  const newSession = (sessionId = redis.newSessionId()) =>
    new AgentsSession({ store: new RedisJsonSessionStore(client), sessionId });

  beforeAll(async () => {
    proxy = await startCountingProxy(redis.url);
    client = createClient({ url: proxy.url });
    client.on('error', () => {});
    await client.connect();
    session = newSession();
    // The server learns the script.
    await session.addItems([a, call, b]);
  });
  afterAll(async () => {
    await client.disconnect();
    await proxy.close();
  });

  function append(operationId: string) {
    return { operationId, transaction: { type: 'append_items' as const, items: [c] } };
  }
  function replace(operationId: string, expectedSuffix: AgentInputItem[]) {
    const transaction = { type: 'replace_suffix' as const, expectedSuffix, replacement: [c] };
    return { operationId, transaction };
  }

  test.each([1, 100])(
    'adding %i items is one round trip, also to begin a session',
    async (count) => {
      const items = Array.from({ length: count }, (_, index) => user(`Item ${index}`));
      const begun = newSession();
      expect(await proxy.count(() => begun.addItems(items))).toBe(1);
      expect(await proxy.count(() => begun.addItems(items))).toBe(1);
    },
  );

  test('reading is one, all or some', async () => {
    expect(await proxy.count(() => session.getItems())).toBe(1);
    expect(await proxy.count(() => session.getItems(1))).toBe(1);
    expect(await proxy.count(() => newSession().getItems())).toBe(1);
  });

  test('clearing is one, and popping two: what is dropped is looked at first', async () => {
    const popped = newSession();
    await popped.addItems([a, b]);
    expect(await proxy.count(() => popped.popItem())).toBe(2);
    expect(await proxy.count(() => popped.clearSession())).toBe(1);
    expect(await proxy.count(() => popped.popItem())).toBe(1);
  });

  test('asking for the id is none, and neither is adding nothing or what is refused', async () => {
    const bad: AgentInputItem = { type: 'unknown', providerData: { bad: 1n } };
    expect(await proxy.count(() => session.getSessionId())).toBe(0);
    expect(await proxy.count(() => session.addItems([]))).toBe(0);
    expect(await proxy.count(() => session.applyHistoryMutations({ mutations: [] }))).toBe(0);
    expect(await proxy.count(() => failureOf(session.addItems([bad])))).toBe(0);
  });

  test('a transaction that appends is one, the first time and again', async () => {
    expect(await proxy.count(() => session.applyHistoryTransaction(append('1')))).toBe(1);
    expect(await proxy.count(() => session.applyHistoryTransaction(append('1')))).toBe(1);
  });

  test('a transaction that replaces the suffix is two: a read and a commit', async () => {
    const replaced = newSession();
    await replaced.addItems([a, b]);
    expect(await proxy.count(() => replaced.applyHistoryTransaction(replace('1', [b])))).toBe(2);
    expect(await proxy.count(() => replaced.applyHistoryTransaction(replace('1', [b])))).toBe(2);
    const refused = () => failureOf(replaced.applyHistoryTransaction(replace('2', [b])));
    expect(await proxy.count(refused)).toBe(2);
  });

  test('a mutation is two, and one where it changes nothing', async () => {
    const mutate = (callId: string) =>
      session.applyHistoryMutations({
        mutations: [{ type: 'replace_function_call', callId, replacement: { ...call, name: 'g' } }],
      });
    expect(await proxy.count(() => mutate('1'))).toBe(2);
    expect(await proxy.count(() => mutate('none'))).toBe(1);
  });

  test('a compaction is one, and three where others have added meanwhile', async () => {
    const sessionId = redis.newSessionId();
    const compacted = newSession(sessionId);
    await compacted.addItems([a, b]);
    await compacted.getItems();
    expect(await proxy.count(() => compacted.replaceHistoryWithCompaction([c]))).toBe(1);
    await compacted.getItems();
    await newSession(sessionId).addItems([a]);
    expect(await proxy.count(() => compacted.replaceHistoryWithCompaction([c]))).toBe(3);
  });

  test('a run is two, however many turns it has: a read and a write', async () => {
    const look = tool({
      name: 'look',
      description: 'Looks.',
      parameters: z.object({}),
      execute: async () => 'seen',
    });
    const runner = new Runner({ tracingDisabled: true });
    for (const stream of [false, true]) {
      const model = new ScriptedModel([
        [functionCall('look', {}, { callId: '1' })],
        [functionCall('look', {}, { callId: '2' })],
        [assistantMessage('Seen')],
      ]);
      const agent = new Agent({ name: 'Desk', model, tools: [look] });
      const ran = newSession();
      const run = async () => {
        if (!stream) return runner.run(agent, 'Look', { session: ran });
        const result = await runner.run(agent, 'Look', { session: ran, stream: true });
        return result.completed;
      };
      expect(await proxy.count(run)).toBe(2);
      expect(await ran.getItems()).toHaveLength(6);
    }
  });
});
