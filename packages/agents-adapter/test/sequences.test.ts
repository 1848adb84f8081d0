import type { AgentsSession } from '@agent-sessions/agents-adapter';
import { describe, expect, test } from '@jest/globals';
import {
  type AgentInputItem,
  MemorySession,
  type SessionHistoryMutation,
  type SessionHistoryTransactionArgs,
  user,
} from '@openai/agents-core';
import { assistantMessage, functionCall } from '@openai/agents-core/testing';
import fc from 'fast-check';

import { exampleItems } from './example-items.ts';
import { outcomeOf } from './failure.ts';
import { sessions } from './stores.ts';

type Session = MemorySession | AgentsSession;

/** One call, as data, so that a failing sequence prints as what was called. */
type Call =
  | { readonly call: 'addItems'; readonly items: AgentInputItem[] }
  | { readonly call: 'getItems'; readonly limit: number | undefined }
  | { readonly call: 'popItem' | 'clearSession' }
  | { readonly call: 'applyHistoryTransaction'; readonly args: SessionHistoryTransactionArgs }
  | {
      /** Replaces as many items as there really are at the end by others. */
      readonly call: 'replaceOwnSuffix';
      readonly operationId: string;
      readonly count: number;
      readonly replacement: AgentInputItem[];
    }
  | { readonly call: 'applyHistoryMutations'; readonly mutations: SessionHistoryMutation[] };

async function perform(session: Session, step: Call): Promise<unknown> {
  switch (step.call) {
    case 'addItems':
      return session.addItems(step.items);
    case 'getItems':
      return session.getItems(step.limit);
    case 'applyHistoryTransaction':
      return session.applyHistoryTransaction(step.args);
    case 'replaceOwnSuffix': {
      const { operationId, count, replacement } = step;
      const expectedSuffix = count === 0 ? [] : (await session.getItems()).slice(-count);
      return session.applyHistoryTransaction({
        operationId,
        transaction: { type: 'replace_suffix', expectedSuffix, replacement },
      });
    }
    case 'applyHistoryMutations':
      return session.applyHistoryMutations({ mutations: step.mutations });
    default:
      return session[step.call]();
  }
}

// Few of each, so that they meet.
const callId = fc.constantFrom('call_1', 'call_2', 'call_3');
const call = fc
  .record({ callId, name: fc.constantFrom('f', 'g'), data: fc.nat(2) })
  .map(({ callId: id, name, data }) =>
    // Without the members that are undefined, which MemorySession keeps.
    withoutUndefined(functionCall(name, { data }, { callId: id })),
  );
const item = fc.oneof(
  { weight: 3, arbitrary: call },
  { weight: 2, arbitrary: fc.constantFrom(user('a'), user('b'), assistantMessage('c')) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.values(exampleItems)) },
);
const items = fc.array(item, { maxLength: 4 });
const operationId = fc.constantFrom('one', 'two', 'three', ' four ');
const step: fc.Arbitrary<Call> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ call: fc.constant('addItems' as const), items }) },
  {
    weight: 3,
    arbitrary: fc.record({
      call: fc.constant('getItems' as const),
      limit: fc.constantFrom(undefined, -1, 0, 1, 2, 5, 100, Number.MAX_SAFE_INTEGER),
    }),
  },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('popItem' as const) }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constant('clearSession' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      call: fc.constant('applyHistoryTransaction' as const),
      args: fc.record({
        operationId,
        transaction: fc.oneof(
          fc.record({ type: fc.constant('append_items' as const), items }),
          fc.record({
            type: fc.constant('replace_suffix' as const),
            expectedSuffix: items,
            replacement: items,
          }),
        ),
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      call: fc.constant('replaceOwnSuffix' as const),
      operationId,
      count: fc.nat(4),
      replacement: items,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      call: fc.constant('applyHistoryMutations' as const),
      mutations: fc.array(
        fc.record({
          type: fc.constant('replace_function_call' as const),
          callId,
          replacement: call,
        }),
        { maxLength: 3 },
      ),
    }),
  },
);

describe.each(sessions)('Any sequence of calls on $name', ({ useSessions }) => {
  const newSession = useSessions();

  test('gives the results and the errors that MemorySession gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const expected = new MemorySession();
        const session = newSession();
        for (const each of steps) {
          const outcome = await outcomeOf(() => perform(session, each));
          const expectedOutcome = await outcomeOf(() => perform(expected, each));
          expect(outcome).toEqual(expectedOutcome);
          expect(JSON.stringify(outcome)).toBe(JSON.stringify(expectedOutcome));
        }
        expect(await session.getItems()).toEqual(await expected.getItems());
      }),
      { numRuns: 200 },
    );
  });
});

function withoutUndefined<Value extends object>(value: Value): Value {
  const copy = structuredClone(value);
  for (const [key, member] of Object.entries(copy)) {
    if (member === undefined) Reflect.deleteProperty(copy, key);
  }
  return copy;
}
