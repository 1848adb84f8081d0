import { windowItems } from '@agent-sessions/agents-adapter';
import { describe, expect, test } from '@jest/globals';
import { type AgentInputItem, assistant, system, user } from '@openai/agents-core';
import fc from 'fast-check';

import { asItem, exampleItems } from './example-items.ts';

/** Items that stay together: nothing may be cut between them. */
type Whole = readonly AgentInputItem[];

const reasoning = asItem(exampleItems['reasoning']);
const thought = fc.constantFrom<AgentInputItem[]>([], [reasoning], [reasoning, reasoning]);
const withThought = (whole: fc.Arbitrary<Whole>): fc.Arbitrary<Whole> =>
  fc.tuple(thought, whole).map(([before, items]) => [...before, ...items]);

/** Calls and their results, by kind. Ids begin anew in every whole, as with models that reuse them. */
const tools: readonly ((callId: string) => readonly [AgentInputItem, AgentInputItem])[] = [
  (callId) => call(callId, 'look_up', {}),
  (callId) => call(callId, 'transfer_to_desk', { assistant: 'Desk' }),
  pairOf('computer call', 'computer result'),
  pairOf('shell call', 'shell output'),
  pairOf('patch call', 'patch output'),
  pairOf('tool search call', 'tool search output'),
  (callId) => [
    approval('request', { id: callId, server_label: 's' }),
    approval('response', { approval_request_id: callId, approve: true }),
  ],
];

function call(
  callId: string,
  name: string,
  output: object,
  caller?: { type: 'program'; callerId: string },
): [AgentInputItem, AgentInputItem] {
  const common = { callId, name, status: 'completed', ...(caller && { caller }) } as const;
  return [
    { type: 'function_call', arguments: '{}', ...common },
    { type: 'function_call_result', output: JSON.stringify(output), ...common },
  ];
}

function pairOf(ofCall: string, ofResult: string) {
  return (callId: string): [AgentInputItem, AgentInputItem] => [
    asItem({ ...exampleItems[ofCall], callId }),
    asItem({ ...exampleItems[ofResult], callId }),
  ];
}

function approval(part: string, providerData: object): AgentInputItem {
  const name = `mcp_approval_${part}`;
  return { type: 'hosted_tool_call', name, providerData: { ...providerData } };
}

const parallelCalls = fc
  .array(fc.constantFrom(...tools), { minLength: 1, maxLength: 4 })
  .chain((made) => {
    const pairs = made.map((make, index) => make(`call_${index}`));
    const results = pairs.map(([, result]) => result);
    return fc
      .shuffledSubarray(results, { minLength: results.length })
      .map((shuffled) => [...pairs.map(([first]) => first), ...shuffled]);
  });

/** Searches that the provider made: they have no ids, and are answered in order. */
const hostedSearches = fc.integer({ min: 1, max: 3 }).map((count): Whole => {
  const search = asItem({
    type: 'tool_search_call',
    call_id: null,
    execution: 'server',
    arguments: {},
  });
  const found = asItem({
    type: 'tool_search_output',
    call_id: null,
    execution: 'server',
    tools: [],
  });
  return [
    ...Array<AgentInputItem>(count).fill(search),
    ...Array<AgentInputItem>(count).fill(found),
  ];
});

const program = fc.integer({ min: 0, max: 3 }).map((count): Whole => {
  const caller = { type: 'program', callerId: 'p_1' } as const;
  const calls = Array.from({ length: count }, (_, index) => call(`${index}`, 'f', {}, caller));
  return [
    asItem(exampleItems['program call']),
    ...calls.flat(),
    asItem(exampleItems['program output']),
  ];
});

const single = fc
  .constantFrom(
    assistant('Hello'),
    system('Be brief.'),
    ...['hosted tool call', 'compaction', 'unknown'].map((name) => asItem(exampleItems[name])),
  )
  .map((item): Whole => [item]);

const step = withThought(
  fc.oneof({ weight: 3, arbitrary: parallelCalls }, single, hostedSearches, program),
);
const turn = fc
  .tuple(fc.integer({ min: 1, max: 2 }), fc.array(step, { maxLength: 4 }))
  .map(([said, steps]) => [...Array.from({ length: said }, (): Whole => [user('Hi')]), ...steps]);
/** A call that waits for its approval, alone or beside others that have run. */
const pending = fc.constantFrom<readonly Whole[]>(
  [],
  [[reasoning, call('late', 'pay', {})[0]]],
  [[call('late', 'pay', {})[0], ...call('call_0', 'f', {})]],
);
const transcript = fc
  .tuple(fc.array(turn, { maxLength: 4 }), pending)
  .map(([turns, waiting]) => [...turns.flat(), ...waiting]);

/** The places between wholes, and the end. */
function cutsOf(wholes: readonly Whole[]): number[] {
  let position = 0;
  return [0, ...wholes.map(({ length }) => (position += length))];
}

function turnsOf(items: readonly AgentInputItem[]): number {
  const saidByUser = items.map((item) => 'role' in item && item.role === 'user');
  return saidByUser.filter((said, index) => said && saidByUser[index - 1] !== true).length;
}

const tokensOf = (item: AgentInputItem) => 1 + (JSON.stringify(item).length % 5);
const sum = (items: readonly AgentInputItem[]) =>
  items.reduce((total, item) => total + tokensOf(item), 0);

describe('F11 a window', () => {
  test('of n tokens is the longest end of the transcript that fits and tears nothing', () => {
    fc.assert(
      fc.property(transcript, (wholes) => {
        const items = wholes.flat();
        const all = sum(items);
        for (let tokens = -1; tokens <= all + 1; tokens += 1) {
          const fits = cutsOf(wholes).find((cut) => sum(items.slice(cut)) <= Math.max(tokens, 0));
          const window = windowItems(items, { tokens, countTokens: tokensOf });
          expect(window).toEqual(items.slice(fits));
        }
      }),
    );
  });

  test('of n turns is their items, whole', () => {
    fc.assert(
      fc.property(transcript, (wholes) => {
        const items = wholes.flat();
        const all = turnsOf(items);
        for (let turns = -1; turns <= all + 1; turns += 1) {
          const window = windowItems(items, { turns });
          expect(items.slice(items.length - window.length)).toEqual(window);
          expect(cutsOf(wholes)).toContain(items.length - window.length);
          expect(turnsOf(window)).toBe(Math.min(Math.max(turns, 0), all));
          if (turns >= all && turns > 0) expect(window).toEqual(items);
          else if (turns > 0) expect(window[0]).toEqual(user('Hi'));
        }
      }),
    );
  });

  test('of a transcript that was cut, at every position, leaves out what lost its beginning', () => {
    fc.assert(
      fc.property(transcript, (wholes) => {
        const items = wholes.flat();
        for (let cut = 0; cut <= items.length; cut += 1) {
          const start = items.length - windowItems(items.slice(cut), {}).length;
          expectNoResultWithoutCall(items.slice(start));
          // Nothing more is left out than the rest of the whole that was cut.
          const next = cutsOf(wholes).find((each) => each >= cut);
          expect(start).toBeLessThanOrEqual(Number(next));
        }
      }),
    );
  });

  test('is the same items, and the history stays as it is', () => {
    const history = [user('a'), ...call('1', 'f', {}), user('b')];
    const window = windowItems(Object.freeze(history), { turns: 1 });
    expect(window[0]).toBe(history.at(-1));
    expect(windowItems(history, {})).not.toBe(history);
  });

  test('of turns and tokens is within both', () => {
    const history = [user('a'), assistant('b'), user('c'), assistant('d')];
    const countTokens = () => 10;
    expect(windowItems(history, { turns: 1, tokens: 10, countTokens })).toEqual(history.slice(3));
    expect(windowItems(history, { turns: 1, tokens: 40, countTokens })).toEqual(history.slice(2));
    expect(windowItems(history, { turns: 2, tokens: 30, countTokens })).toEqual(history.slice(1));
  });

  test('leaves out a call and its result where a user spoke between them', () => {
    const [pay, paid] = call('1', 'pay', {});
    const history = [user('Pay'), pay, user('Yes'), paid, assistant('Done')];
    expect(windowItems(history, { turns: 1 })).toEqual([assistant('Done')]);
    expect(windowItems(history, { turns: 2 })).toEqual(history);
  });

  test('counts a token for four characters unless it is told how', () => {
    const item = user('x'.repeat(400));
    expect(windowItems([item], { tokens: 90 })).toEqual([]);
    expect(windowItems([item], { tokens: 130 })).toEqual([item]);
    expect(windowItems([item], { tokens: 130, countTokens: () => Number.NaN })).toEqual([]);
  });

  test.each([Number.NaN, 0.5, Number.POSITIVE_INFINITY, 2 ** 53])('of %d is refused', (limit) => {
    for (const field of ['turns', 'tokens']) {
      expect(() => windowItems([], { [field]: limit })).toThrow(
        expect.objectContaining({ code: 'invalid_argument', field }),
      );
    }
  });
});

/** Goes by the ids of the calls that are open, whichever way the window was found. */
function expectNoResultWithoutCall(items: readonly AgentInputItem[]): void {
  const open = new Map<string, number>();
  for (const item of items) {
    const type = String(item.type);
    const answers = /_(result|output)$/.test(type);
    const kind = type.replace(/(_call)?_(result|output)$/, '').replace(/_call$/, '');
    const callId = 'callId' in item ? item.callId : undefined;
    if (kind === 'hosted_tool' || (!answers && !/_call$|^program$/.test(type))) continue;
    const name = `${kind} ${String(callId)}`;
    const count = open.get(name) ?? 0;
    if (answers) expect(count).toBeGreaterThan(0);
    open.set(name, answers ? count - 1 : count + 1);
  }
}
