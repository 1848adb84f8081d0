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

  test("has the session's own user where the context chooses none", async () => {
    const sessionId = newSessionId();
    const choose = () => ({ sessionId });
    const session = new AgentsSession({ store, userId: 'ada', choose });
    await runner.run(answering('Hello'), 'Hi', { session, context: acme });
    expect(await store.metadata(sessionId)).toMatchObject({ userId: 'ada', messageCount: 2 });
  });

  describe('B8 of another user', () => {
    test.each([
      ['of another user', 'globex'],
      ['of no user', undefined],
    ])('is refused before a model is asked: %s', async (_name, userId) => {
      const { session, sessionId } = tenants();
      const theirs = new AgentsSession({ store, sessionId: `${sessionId}:1`, userId });
      await theirs.addItems([user('secret')]);
      for (const stream of [false, true]) {
        let isAsked = false;
        const agent = answering('Hello', () => (isAsked = true));
        const run = async () => {
          const options = { session, context: acme };
          if (!stream) return runner.run(agent, 'Hi', options);
          return (await runner.run(agent, 'Hi', { ...options, stream: true })).completed;
        };
        expect(await failureOf(run)).toMatchObject({ code: 'session_not_found' });
        expect(isAsked).toBe(false);
      }
      expect(await theirs.getItems()).toEqual([user('secret')]);
    });

    test('is refused where it began while a run of this user was thinking', async () => {
      const { session, sessionId } = tenants();
      const theirs = new AgentsSession({ store, sessionId: `${sessionId}:1`, userId: 'globex' });
      const agent = answering('Hello', () => theirs.addItems([user('secret')]));
      expect(await failureOf(runner.run(agent, 'Hi', { session, context: acme }))).toMatchObject({
        code: 'session_not_found',
      });
      expect(await theirs.getItems()).toEqual([user('secret')]);
    });

    test('is not taken for one that was emptied', async () => {
      const { session, ofTenant } = tenants();
      await ofTenant(acme).addItems([user('a')]);
      await ofTenant(acme).clearSession();
      await runner.run(answering('Hello'), 'Hi', { session, context: acme });
      expect(await ofTenant(acme).getItems()).toHaveLength(2);
    });
  });

  test('fails the run where the choice fails', async () => {
    const session = new AgentsSession({
      store,
      choose: () => {
        throw new Error('No such tenant.');
      },
    });
    const run = runner.run(answering('Hello'), 'Hi', { session, context: acme });
    expect((await failureOf(run)).message).toBe('No such tenant.');
  });

  describe('B7 is not chosen by', () => {
    const id = newSessionId();
    const choices: [string, unknown, string][] = [
      ['nothing', undefined, 'choose'],
      ['what is answered later', async () => ({ sessionId: id }), 'choose'],
      [
        'what fails later',
        async () => {
          throw new Error('No such tenant.');
        },
        'choose',
      ],
      ['null', null, 'choose'],
      ['an id alone', id, 'choose'],
      ['a list', [id], 'choose'],
      ['a choice without an id', {}, 'sessionId'],
      ['a user alone', { userId: 'acme' }, 'sessionId'],
      ['an id that is undefined', { sessionId: undefined, userId: 'acme' }, 'sessionId'],
      ['an id that is null', { sessionId: null }, 'sessionId'],
      ['an id that is a number', { sessionId: 7 }, 'sessionId'],
      ['an id that is empty', { sessionId: '' }, 'sessionId'],
      ['a misspelt id', { sessionID: id }, 'sessionID'],
      ['a misspelt user', { sessionId: id, userID: 'acme' }, 'userID'],
      ['a user that is undefined', { sessionId: id, userId: undefined }, 'userId'],
      ['a user that is null', { sessionId: id, userId: null }, 'userId'],
      ['a user that is empty', { sessionId: id, userId: '' }, 'userId'],
    ];

    test.each(choices)('%s', async (_name, choice, field) => {
      const sessionId = newSessionId();
      const asked: unknown[] = [];
      const watched = new Proxy(store, {
        get(target, name) {
          asked.push(name);
          const member: unknown = Reflect.get(target, name);
          return member;
        },
      });
      const answer: unknown = typeof choice === 'function' ? choice : () => choice;
      const choose = answer as () => { sessionId: string };
      const session = new AgentsSession({ store: watched, sessionId, userId: 'ada', choose });
      asked.length = 0;
      const run = new RunContext(acme);
      for (const call of [
        () => runner.run(answering('Hello'), 'Hi', { session, context: acme }),
        () => session.getItems(undefined, run),
        () => session.addItems([user('a')], run),
        () => session.popItem(run),
        () => session.clearSession(run),
        () => session.replaceHistoryWithCompaction([user('a')], run),
      ]) {
        expect(await failureOf(call)).toMatchObject({ code: 'invalid_argument', field });
      }
      expect(asked).toEqual([]);
    });
  });

  describe('B6 by one run context for several runs', () => {
    test('is the one that the context inside chooses now', async () => {
      const { session, ofTenant } = tenants();
      const context = new RunContext(acme);
      for (const inside of [acme, globex, acme]) {
        context.context = inside;
        await runner.run(answering(`Hello, ${inside.tenant}`), 'Hi', { session, context });
      }
      const texts = async (tenant: Tenant) =>
        (await ofTenant(tenant).getItems()).slice(1).map((item) => JSON.stringify(item));
      expect((await texts(acme)).join()).not.toContain('globex');
      expect((await texts(globex)).join()).not.toContain('acme');
      expect(await texts(acme)).toHaveLength(3);
      expect(await texts(globex)).toHaveLength(1);
    });

    test.each([
      ['that was stored', () => {}],
      [
        'that failed',
        () => {
          throw new Error('The model is down.');
        },
      ],
    ])('is chosen anew after a run %s, though the same object is inside', async (_name, before) => {
      const { session, ofTenant } = tenants();
      const inside = { ...acme };
      const context = new RunContext<Tenant>(inside);
      await runner
        .run(answering('Hello, acme', before), 'Hi', { session, context })
        .catch(() => {});
      const stored = await ofTenant(acme).getItems();
      Object.assign(inside, globex);
      await runner.run(answering('Hello, globex'), 'Hi', { session, context });
      expect(await ofTenant(acme).getItems()).toEqual(stored);
      expect(await ofTenant(globex).getItems()).toHaveLength(2);
    });

    test('is not changed in the middle of one: the turn is refused', async () => {
      const { session, ofTenant } = tenants();
      await ofTenant(globex).addItems([user('theirs')]);
      const context = new RunContext(acme);
      const agent = answering('Hello, acme', () => (context.context = globex));
      expect(await failureOf(runner.run(agent, 'Hi', { session, context }))).toMatchObject({
        code: 'conflict',
      });
      expect(await ofTenant(acme).getItems()).toEqual([]);
      expect(await ofTenant(globex).getItems()).toEqual([user('theirs')]);
    });

    test('is the same where a tool has replaced the context by one that chooses the same', async () => {
      const { session, ofTenant } = tenants();
      const context = new RunContext(acme);
      const agent = answering('Hello, acme', () => (context.context = { ...acme }));
      await runner.run(agent, 'Hi', { session, context });
      expect(await ofTenant(acme).getItems()).toHaveLength(2);
    });

    test('begins anew with the next run, where it has ended in between', async () => {
      const sessionId = newSessionId();
      const session = new AgentsSession({ store, sessionId });
      const context = new RunContext(acme);
      for (const text of ['first', 'second']) {
        await runner.run(answering(text), 'Hi', { session, context });
        expect((await session.getItems()).slice(1)).toEqual([assistantMessage(text)]);
        await store.delete(sessionId);
      }
    });
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
