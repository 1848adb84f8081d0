import { AgentsSession } from '@agent-sessions/agents-adapter';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AgentInputItem, MemorySession } from '@openai/agents-core';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';

import { newApprovalAgent, runner } from './approval-agent.ts';
import { runChild } from './child-process.ts';
import { asItem } from './example-items.ts';
import { type LosingProxy, startLosingProxy } from './losing-proxy.ts';
import { useRedis } from './stores.ts';

const Answer = Type.Object({
  state: Type.String(),
  finalOutput: Type.Optional(Type.String()),
  waitingFor: Type.Optional(Type.Array(Type.String())),
  error: Type.Optional(Type.String()),
});
type Answer = Static<typeof Answer>;
const Answers = Compile(Type.Array(Answer));

/** Who decides, and what happens to the first write after the decision. */
const conversations = {
  approved: { decide: 'approve', answer: 'heard' },
  rejected: { decide: 'reject', answer: 'heard' },
  repeated: { decide: 'approve', answer: 'lost' },
  unheard: { decide: 'approve', answer: 'lost for good' },
} as const;
type Name = keyof typeof conversations;
const names = ['approved', 'rejected', 'repeated', 'unheard'] as const;

/** What history is at each point, without processes, serialisation and database. */
async function expectedHistories(decide: 'approve' | 'reject') {
  const session = new MemorySession();
  const first = await runner.run(newApprovalAgent(0), 'Delete all orders', { session });
  const asked = asStored(await session.getItems());
  for (const interruption of first.interruptions) first.state[decide](interruption);
  await runner.run(newApprovalAgent(1), first.state, { session });
  const decided = asStored(await session.getItems());
  await runner.run(newApprovalAgent(2), 'Thanks', { session });
  return { asked, decided, over: asStored(await session.getItems()) };
}

/** Without the members that are undefined, which MemorySession keeps. */
function asStored(items: AgentInputItem[]): AgentInputItem[] {
  return items.map((item) => asItem(JSON.parse(JSON.stringify(item))));
}

describe('F25 A run that waits for an approval', () => {
  const redis = useRedis();
  const sessionIds = new Map(names.map((name) => [name, redis.newSessionId()]));
  const proxies = new Map<Name, LosingProxy>();

  /** One process that takes part in some of the conversations; its answers, and history after. */
  async function process(steps: Partial<Record<Name, object>>) {
    const taking = names.filter((name) => name in steps);
    const url = (name: Name) => proxies.get(name)?.url ?? redis.url;
    const answers = await runChild(
      'approval-process.ts',
      taking.map((name) => ({ url: url(name), sessionId: sessionIds.get(name), ...steps[name] })),
    );
    if (!Answers.Check(answers)) throw new TypeError('The process has printed something else.');
    const outcomes = taking.map(async (name, index): Promise<[Name, Outcome]> => {
      const session = new AgentsSession({ store: redis.store, sessionId: sessionIds.get(name) });
      return [name, { ...answers[index], items: await session.getItems() }];
    });
    return new Map(await Promise.all(outcomes));
  }
  type Outcome = Partial<Answer> & { readonly items: AgentInputItem[] };
  type Outcomes = Map<Name, Outcome>;

  let first: Outcomes;
  let second: Outcomes;
  let third: Outcomes;

  beforeAll(async () => {
    const ask = { turnsBefore: 0, say: 'Delete all orders' };
    first = await process({ approved: ask, rejected: ask, repeated: ask, unheard: ask });

    const [losing, cutting] = await Promise.all([1, 2].map(() => startLosingProxy(redis.url)));
    if (!losing || !cutting) throw new TypeError('There are two proxies.');
    proxies.set('repeated', losing).set('unheard', cutting);
    losing.loseNextAnswer();
    cutting.loseNextAnswer();
    const decide = (name: Name) => ({
      turnsBefore: 1,
      state: first.get(name)?.state,
      decide: conversations[name].decide,
    });
    second = await process({
      approved: decide('approved'),
      rejected: decide('rejected'),
      repeated: decide('repeated'),
      unheard: { ...decide('unheard'), reconnects: false },
    });

    const thank = { url: redis.url, turnsBefore: 2, say: 'Thanks' };
    const goOn = { url: redis.url, turnsBefore: 1, state: second.get('unheard')?.state };
    third = await process({ approved: thank, rejected: thank, repeated: thank, unheard: goOn });
  });
  afterAll(async () => {
    await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
  });

  test.each(names)('stops in one process, with the call stored: %s', async (name) => {
    const { asked } = await expectedHistories(conversations[name].decide);
    expect(first.get(name)).toMatchObject({ waitingFor: ['delete_all'], items: asked });
  });

  test.each(['approved', 'rejected'] as const)('goes on in another: %s', async (name) => {
    const { decided } = await expectedHistories(conversations[name].decide);
    expect(second.get(name)).toMatchObject({ finalOutput: 'As you wish.', items: decided });
  });

  test.each(['approved', 'rejected'] as const)('is history in a third: %s', async (name) => {
    const { over } = await expectedHistories(conversations[name].decide);
    expect(third.get(name)).toMatchObject({ finalOutput: 'Good bye.', items: over });
  });

  test('writes once where the answer to its write was lost on the way', async () => {
    const { decided, over } = await expectedHistories('approve');
    expect(proxies.get('repeated')?.lost).toBe(1);
    expect(second.get('repeated')).toMatchObject({ finalOutput: 'As you wish.', items: decided });
    expect(third.get('repeated')).toMatchObject({ finalOutput: 'Good bye.', items: over });
  });

  test('writes once where it never heard of its write, and another process goes on', async () => {
    const { asked, decided } = await expectedHistories('approve');
    expect(proxies.get('unheard')?.lost).toBe(1);
    const { error, items = [] } = second.get('unheard') ?? {};
    expect(error).toMatch(/^SessionError: /);
    // Redis has made the write that the run takes for failed.
    expect(items.length).toBeGreaterThan(asked.length);
    expect(items).toEqual(decided.slice(0, items.length));
    expect(third.get('unheard')).toMatchObject({ finalOutput: 'As you wish.', items: decided });
  });
});
