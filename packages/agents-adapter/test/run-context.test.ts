import { AgentsSession } from '@agent-sessions/agents-adapter';
import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  isRunContextAwareSession,
  RunContext,
  Runner,
  RunState,
  tool,
  user,
} from '@openai/agents-core';
import {
  assistantMessage,
  functionCall,
  modelResponder,
  ScriptedModel,
} from '@openai/agents-core/testing';
import { z } from 'zod';

import { failureOf } from './failure.ts';
import { stores } from './stores.ts';

const runner = new Runner({ tracingDisabled: true });

interface Tenant {
  readonly tenant: string;
  readonly chat: string;
}

/** An agent that answers with a text, after something has been done. */
function answering(text: string, before: () => unknown = () => {}) {
  const model = new ScriptedModel([
    modelResponder(async () => {
      await before();
      return [assistantMessage(text)];
    }),
  ]);
  return new Agent<Tenant>({ name: 'Desk', model });
}

describe.each(stores)('On $name, a session that is told of the run', ({ useStore }) => {
  const { store, newSessionId } = useStore();
  const tenants = () => {
    const sessionId = newSessionId();
    const asked: Tenant[] = [];
    const session = new AgentsSession({
      store,
      sessionId,
      choose: (context: Tenant) => {
        asked.push(context);
        return { sessionId: `${sessionId}:${context.chat}`, userId: context.tenant };
      },
    });
    const ofTenant = (context: Tenant) =>
      new AgentsSession({
        store,
        sessionId: `${sessionId}:${context.chat}`,
        userId: context.tenant,
      });
    return { session, sessionId, asked, ofTenant };
  };
  const acme = { tenant: 'acme', chat: '1' };
  const globex = { tenant: 'globex', chat: '2' };

  test('says so', () => {
    expect(isRunContextAwareSession(new AgentsSession({ store }))).toBe(true);
  });

  test('is the one that the context chooses, asked once a run', async () => {
    const { session, asked, ofTenant } = tenants();
    for (const context of [acme, globex, acme]) {
      await runner.run(answering(`Hello, ${context.tenant}`), 'Hi', { session, context });
    }
    expect(asked).toEqual([acme, globex, acme]);
    const hello = (tenant: string) => [
      { type: 'message', role: 'user', content: 'Hi' },
      assistantMessage(`Hello, ${tenant}`),
    ];
    expect(await ofTenant(acme).getItems()).toEqual([...hello('acme'), ...hello('acme')]);
    expect(await ofTenant(globex).getItems()).toEqual(hello('globex'));
    // Without a run it is the one that it was made for.
    expect(await session.getItems()).toEqual([]);
  });

  test('has one id, whatever the context chooses', async () => {
    const { session, sessionId } = tenants();
    expect(await session.getSessionId()).toBe(sessionId);
    await runner.run(answering('Hello'), 'Hi', { session, context: acme });
    expect(await session.getSessionId()).toBe(sessionId);
  });

  test('is chosen by every call that is told of the run', async () => {
    const { session, ofTenant } = tenants();
    const run = new RunContext(acme);
    const [a, b] = [user('a'), user('b')];
    const call = functionCall('f', {}, { callId: '1', providerData: {} });
    await session.addItems([a, call, b], run);
    await session.applyHistoryTransaction(
      {
        operationId: '1',
        transaction: { type: 'replace_suffix', expectedSuffix: [b], replacement: [a] },
      },
      run,
    );
    const replacement = { ...call, name: 'g' };
    const mutation = { type: 'replace_function_call' as const, callId: '1', replacement };
    await session.applyHistoryMutations({ mutations: [mutation] }, run);
    const named = { ...replacement, namespace: undefined };
    expect(await session.getItems(undefined, run)).toEqual([a, named, a]);
    expect(await session.getItems(1, run)).toEqual([a]);
    expect(await session.popItem(run)).toEqual(a);
    await session.getItems(undefined, run);
    await session.replaceHistoryWithCompaction([b], run);
    expect(await ofTenant(acme).getItems()).toEqual([b]);
    await session.clearSession(run);
    expect(await ofTenant(acme).getItems()).toEqual([]);
    expect(await ofTenant(acme).conversation.metadata()).toMatchObject({ userId: 'acme' });
    expect(await session.conversation.metadata()).toBeUndefined();
  });

  test('is its own where the context chooses neither id nor user', async () => {
    const choose = () => ({});
    const sessionId = newSessionId();
    const session = new AgentsSession({ store, sessionId, userId: 'ada', choose });
    await runner.run(answering('Hello'), 'Hi', { session, context: acme });
    expect(await session.getItems()).toHaveLength(2);
    expect(await session.conversation.metadata()).toMatchObject({ userId: 'ada' });
  });

  test('of another user is not found', async () => {
    const { session, sessionId } = tenants();
    await new AgentsSession({ store, sessionId: `${sessionId}:1`, userId: 'globex' }).addItems([
      user('secret'),
    ]);
    const agent = answering('Hello');
    expect(await failureOf(runner.run(agent, 'Hi', { session, context: acme }))).toMatchObject({
      code: 'session_not_found',
    });
  });

  test('fails the run where the choice fails, or is none', async () => {
    const throwing = new AgentsSession({
      store,
      choose: () => {
        throw new Error('No such tenant.');
      },
    });
    const empty = new AgentsSession({ store, choose: () => ({ sessionId: '' }) });
    const run = (session: AgentsSession) =>
      failureOf(runner.run(answering('Hello'), 'Hi', { session, context: acme }));
    expect((await run(throwing)).message).toBe('No such tenant.');
    expect(await run(empty)).toMatchObject({ code: 'invalid_argument', field: 'sessionId' });
  });

  test('in two runs at once is two: neither sees what the other has chosen', async () => {
    const { session, ofTenant } = tenants();
    let arrived = 0;
    let letGo = () => {};
    const both = new Promise<void>((resolve) => (letGo = resolve));
    const meet = () => {
      arrived += 1;
      if (arrived === 2) letGo();
      return both;
    };
    await Promise.all(
      [acme, globex].map((context) =>
        runner.run(answering(`Hello, ${context.tenant}`, meet), 'Hi', { session, context }),
      ),
    );
    for (const context of [acme, globex]) {
      expect((await ofTenant(context).getItems()).slice(1)).toEqual([
        assistantMessage(`Hello, ${context.tenant}`),
      ]);
    }
  });

  test('in two runs at once is seen by each on its own', async () => {
    const sessionId = newSessionId();
    const session = new AgentsSession({ store, sessionId });
    await session.addItems([user('before')]);
    // The one has read the session that ends; the other begins after its end.
    const first = runner.run(
      answering('first', async () => {
        await store.delete(sessionId);
        await runner.run(answering('second'), 'Hi', { session });
      }),
      'Hi',
      { session },
    );
    expect(await failureOf(first)).toMatchObject({ code: 'session_not_found' });
    expect(await session.getItems()).toEqual([
      { type: 'message', role: 'user', content: 'Hi' },
      assistantMessage('second'),
    ]);
  });

  test('is the same when the run goes on after an approval', async () => {
    const { session, ofTenant } = tenants();
    const look = tool({
      name: 'look',
      description: 'Needs an approval.',
      parameters: z.object({}),
      needsApproval: true,
      execute: async () => 'seen',
    });
    const model = new ScriptedModel([
      [functionCall('look', {}, { callId: '1' })],
      [assistantMessage('Seen')],
    ]);
    const agent = new Agent<Tenant>({ name: 'Desk', model, tools: [look] });
    const { state } = await runner.run(agent, 'Look', { session, context: acme });
    const later = await RunState.fromString(agent, state.toString());
    for (const interruption of later.getInterruptions()) later.approve(interruption);
    await runner.run(agent, later, { session });
    expect((await ofTenant(acme).getItems()).map(({ type }) => type)).toEqual([
      'message',
      'function_call',
      'function_call_result',
      'message',
    ]);
  });
});
