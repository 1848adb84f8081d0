import type { AgentsSession } from '@agent-sessions/agents-adapter';
import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  type AgentInputItem,
  type AgentOutputItem,
  defineToolInputGuardrail,
  defineToolOutputGuardrail,
  handoff,
  MemorySession,
  Runner,
  RunState,
  type StreamEvent,
  tool,
  ToolGuardrailFunctionOutputFactory,
  user,
} from '@openai/agents-core';
import {
  assistantMessage,
  functionCall,
  modelError,
  modelStream,
  modelStreamResponder,
  ScriptedModel,
} from '@openai/agents-core/testing';
import { z } from 'zod';

import { exampleItems } from './example-items.ts';
import { outcomeOf } from './failure.ts';
import { sessions } from './stores.ts';

type Session = MemorySession | AgentsSession;
type Output = AgentOutputItem[];

const runner = new Runner({ tracingDisabled: true });

const says = (text: string): Output => [assistantMessage(text, { id: `msg_${text}` })];
const calls = (name: string, args: Record<string, unknown> = {}, callId = 'call_1'): Output => [
  functionCall(name, args, { callId, providerData: { raw: { args } } }),
];
const thinks: Output = [
  {
    type: 'reasoning',
    id: 'rs_1',
    content: [{ type: 'input_text', text: 'Hm.' }],
    providerData: { encrypted_content: 'gAAAAA==' },
  },
];

const add = tool({
  name: 'add',
  description: 'Adds two numbers.',
  parameters: z.object({ a: z.number(), b: z.number() }),
  execute: async ({ a, b }) => String(a + b),
});
const picture = tool({
  name: 'picture',
  description: 'Takes a picture.',
  parameters: z.object({}),
  execute: async () => ({
    type: 'image' as const,
    image: { data: new Uint8Array([137, 80, 78, 71]), mediaType: 'image/png' },
  }),
});
const fail = tool({
  name: 'fail',
  description: 'Fails.',
  parameters: z.object({}),
  execute: async () => {
    throw new Error('It broke.');
  },
});
const failHard = tool({
  name: 'fail_hard',
  description: 'Fails, and the run with it.',
  parameters: z.object({}),
  errorFunction: null,
  execute: async () => {
    throw new Error('It broke.');
  },
});
const deleteAll = tool({
  name: 'delete_all',
  description: 'Must be approved.',
  parameters: z.object({ what: z.string() }),
  needsApproval: true,
  execute: async ({ what }) => `Deleted ${what}.`,
});
const guarded = tool({
  name: 'guarded',
  description: 'Is guarded.',
  parameters: z.object({ how: z.enum(['allow', 'reject', 'throw']), where: z.string() }),
  execute: async ({ where }) => `Was here: ${where}.`,
  inputGuardrails: [
    defineToolInputGuardrail({
      name: 'input',
      run: async ({ toolCall }) => verdict('input', toolCall.arguments),
    }),
  ],
  outputGuardrails: [
    defineToolOutputGuardrail({
      name: 'output',
      run: async ({ toolCall }) => verdict('output', toolCall.arguments),
    }),
  ],
});

function verdict(here: string, toolArguments: string) {
  const args = z.object({ how: z.string(), where: z.string() }).parse(JSON.parse(toolArguments));
  const { allow, rejectContent, throwException } = ToolGuardrailFunctionOutputFactory;
  if (args.where !== here || args.how === 'allow') return allow();
  return args.how === 'reject' ? rejectContent('Rejected.') : throwException({ why: 'forbidden' });
}

const tools = [add, picture, fail, failHard, deleteAll, guarded];

const refuseSwearing = { name: 'no swearing', tripwireTriggered: /damn/ };
const guardrail = async (text: unknown) => ({
  outputInfo: { checked: true },
  tripwireTriggered: refuseSwearing.tripwireTriggered.test(JSON.stringify(text)),
});

/** Everything that can be seen of a run from outside. */
interface RunOptions {
  readonly stream?: boolean;
  readonly maxTurns?: number;
  readonly signal?: AbortSignal;
  readonly sessionInputCallback?: (
    history: AgentInputItem[],
    input: AgentInputItem[],
  ) => AgentInputItem[];
}

function newAgent(steps: ConstructorParameters<typeof ScriptedModel>[0]) {
  const model = new ScriptedModel(steps);
  const agent = new Agent({
    name: 'Desk',
    model,
    tools,
    inputGuardrails: [
      {
        name: refuseSwearing.name,
        runInParallel: false,
        execute: async ({ input }) => guardrail(input),
      },
    ],
    outputGuardrails: [
      { name: refuseSwearing.name, execute: async ({ agentOutput }) => guardrail(agentOutput) },
    ],
  });
  return { agent, model };
}

type AnyAgent = ReturnType<typeof newAgent>['agent'];

async function runOnce(
  agent: AnyAgent,
  input: string | AgentInputItem[] | RunState<unknown, AnyAgent>,
  session: Session,
  { stream = false, ...options }: RunOptions = {},
) {
  if (!stream) return runner.run(agent, input, { session, ...options });
  const result = await runner.run(agent, input, { session, ...options, stream: true });
  await result.completed;
  return result;
}

/** A conversation: some runs in one session, and what came of each. */
type Scenario = (session: Session, stream: boolean) => Promise<unknown[]>;

/** Runs with one input after the other, with one model's script for all. */
function conversation(
  steps: () => ConstructorParameters<typeof ScriptedModel>[0],
  inputs: (string | AgentInputItem[])[],
  options: RunOptions = {},
): Scenario {
  return async (session, stream) => {
    const { agent, model } = newAgent(steps());
    const log: unknown[] = [];
    for (const input of inputs) {
      log.push(
        await outcomeOf(async () => {
          const result = await runOnce(agent, input, session, { ...options, stream });
          const { newItems, interruptions } = result;
          const finalOutput = options.signal?.aborted ? undefined : result.finalOutput;
          return { finalOutput, newItems, interruptions, lastAgent: result.lastAgent?.name };
        }),
        { items: await session.getItems() },
      );
    }
    return [...log, { seenByModel: model.calls.map(({ request }) => request.input) }];
  };
}

function approval(decide: 'approve' | 'reject', between: 'nothing' | 'serialised'): Scenario {
  return async (session, stream) => {
    const { agent, model } = newAgent([
      [
        ...thinks,
        ...calls('delete_all', { what: 'a' }, '1'),
        ...calls('delete_all', { what: 'b' }, '2'),
      ],
      says('Done'),
      says('Bye'),
    ]);
    const first = await runOnce(agent, 'Delete a and b', session, { stream });
    const log: unknown[] = [first.interruptions, await session.getItems()];
    const state =
      between === 'nothing'
        ? first.state
        : await RunState.fromString(agent, first.state.toString());
    for (const interruption of state.getInterruptions()) state[decide](interruption);
    const resumed = await runOnce(agent, state, session, { stream });
    log.push(resumed.finalOutput, await session.getItems());
    const last = await runOnce(agent, 'Thanks', session, { stream });
    return [
      ...log,
      last.finalOutput,
      { seenByModel: model.calls.map(({ request }) => request.input) },
    ];
  };
}

const scenarios: Record<string, Scenario> = {
  'plain turns': conversation(
    () => [says('Hello'), says('Sure'), says('Bye')],
    ['Hi', 'Help?', 'Bye'],
  ),
  'input of many items': conversation(
    () => [says('I see'), says('Again')],
    [[user('one'), assistantMessage('two'), user('three')], [user('one')]],
  ),
  'reasoning and a tool': conversation(
    () => [[...thinks, ...calls('add', { a: 1, b: 2 })], says('3'), says('Yes')],
    ['1 + 2?', 'Sure?'],
  ),
  'several tools at once, and one by one': conversation(
    () => [
      [
        ...calls('add', { a: 1, b: 2 }, '1'),
        ...calls('picture', {}, '2'),
        ...calls('fail', {}, '3'),
      ],
      calls('add', { a: 3, b: 3 }, '4'),
      says('6'),
      says('You are welcome'),
    ],
    ['Do it all', 'Thanks'],
  ),
  'a tool that fails': conversation(
    () => [calls('fail'), says('Sorry'), says('Ok')],
    ['Try', 'Ok'],
  ),
  'a tool that fails the run': conversation(
    () => [calls('fail_hard'), says('Ok'), says('Fine')],
    ['Try', 'And now?', 'Good'],
  ),
  'a tool that does not exist': conversation(
    () => [calls('nonsense'), says('Ok')],
    ['Try', 'And now?'],
  ),
  'arguments that are not JSON': conversation(
    () => [[functionCall('add', '{', { callId: '1' })], says('Ok'), says('Fine')],
    ['Try', 'And now?'],
  ),
  'too many turns': conversation(
    () => [calls('add', { a: 1, b: 1 }, '1'), calls('add', { a: 2, b: 2 }, '2'), says('Ok')],
    ['Count', 'And now?'],
    { maxTurns: 2 },
  ),
  'a model that fails': conversation(
    () => [modelError(new Error('The model is down.')), says('Back again')],
    ['Hi', 'Hi?'],
  ),
  'a model that fails after a tool': conversation(
    () => [calls('add', { a: 1, b: 1 }), modelError(new Error('The model is down.')), says('Ok')],
    ['Hi', 'Hi?'],
  ),
  'an input guardrail': conversation(() => [says('Hello'), says('Ok')], ['Hi', 'damn', 'Sorry']),
  'an output guardrail': conversation(
    () => [says('Hello'), says('damn'), says('Sorry')],
    ['Hi', 'Say it', 'What?'],
  ),
  'an output guardrail after a tool': conversation(
    () => [[...thinks, ...calls('add', { a: 1, b: 1 })], says('damn'), says('Sorry'), says('Bye')],
    ['Hi', 'What?', 'Bye'],
  ),
  ...Object.fromEntries(
    ['allow', 'reject', 'throw'].flatMap((how) =>
      ['input', 'output'].map((where): [string, Scenario] => [
        `a tool guardrail on ${where} that says ${how}`,
        conversation(
          () => [calls('guarded', { how, where }), says('Ok'), says('Fine')],
          ['Go', 'On'],
        ),
      ]),
    ),
  ),
  'compaction in the output of the model': conversation(
    () => [
      says('Hello'),
      [{ type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAAAB==' }, ...says('Compacted')],
      says('Still here'),
      [...calls('add', { a: 1, b: 1 })],
      [{ type: 'compaction', id: 'cmp_2', encrypted_content: 'gAAAAC==' }, ...says('Again')],
      says('Bye'),
    ],
    ['Hi', 'And', 'So', 'On', 'Bye'],
  ),
  'a history of all variants': async (session, stream) => {
    await session.addItems(
      Object.values(exampleItems).filter((item) => item.type !== 'compaction'),
    );
    return conversation(() => [says('I see'), says('Yes')], ['Look', 'And?'])(session, stream);
  },
  'a window of the history': conversation(
    () => [says('1'), says('2'), says('3'), says('4')],
    ['a', 'b', 'c', 'd'],
    { sessionInputCallback: (history, input) => [...history.slice(-2), ...input] },
  ),
  'a handoff': async (session, stream) => {
    const specialist = new ScriptedModel([says('I am the specialist'), says('Still me')]);
    const specialistAgent = new Agent({ name: 'Specialist', model: specialist, tools });
    const { agent, model } = newAgent([
      calls('transfer_to_Specialist', {}, 'h_1'),
      says('Desk again'),
    ]);
    agent.handoffs = [handoff(specialistAgent)];
    const first = await runOnce(agent, 'Somebody else, please', session, { stream });
    const second = await runOnce(agent, 'And you?', session, { stream });
    return [
      first.finalOutput,
      second.finalOutput,
      [...model.calls, ...specialist.calls].map(({ request }) => request.input),
    ];
  },
  'a structured output': async (session, stream) => {
    const model = new ScriptedModel([says('{"answer":42}'), says('{"answer":"no"}')]);
    const outputType = z.object({ answer: z.number() });
    const agent = new Agent({ name: 'Desk', model, outputType });
    const log: unknown[] = [];
    for (const input of ['?', '??']) {
      log.push(
        await outcomeOf(async () => {
          if (!stream) return (await runner.run(agent, input, { session })).finalOutput;
          const result = await runner.run(agent, input, { session, stream: true });
          await result.completed;
          return result.finalOutput;
        }),
      );
    }
    return log;
  },
  'an approval': approval('approve', 'nothing'),
  'a rejection': approval('reject', 'nothing'),
  'an approval of a state that was serialised': approval('approve', 'serialised'),
  'a rejection of a state that was serialised': approval('reject', 'serialised'),
};

/** As JSON, which is what the SDK compares: members that are undefined are not there. */
async function play(scenario: Scenario, session: Session, stream = false): Promise<string> {
  const log = await scenario(session, stream);
  return JSON.stringify([log, await session.getItems()], null, 1);
}

describe.each(sessions)('F25 With $name, a run', ({ useSessions }) => {
  const newSession = useSessions();

  describe.each(Object.entries(scenarios))('with %s', (_name, scenario) => {
    test.each([
      ['plain', false],
      ['streamed', true],
    ])('goes as with MemorySession: %s', async (_mode, stream) => {
      const expected = await play(scenario, new MemorySession(), stream);
      expect(await play(scenario, newSession(), stream)).toBe(expected);
    });
  });

  describe('that is aborted', () => {
    const events: StreamEvent[] = [
      { type: 'response_started' },
      { type: 'output_text_delta', delta: 'He' },
      { type: 'output_text_delta', delta: 'llo' },
      {
        type: 'response_done',
        response: {
          id: 'resp_1',
          usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
          output: [
            assistantMessage('Hello'),
            functionCall('add', { a: 1, b: 1 }, { callId: 'call_1' }),
          ],
        },
      },
    ];

    const abortedAt = (turn: number, index: number): Scenario => {
      const aborted: Scenario = async (session) => {
        const abort = new AbortController();
        const turns = [0, 1].map((each) =>
          modelStreamResponder(function* stream() {
            for (const [at, event] of events.entries()) {
              if (each === turn && at === index) abort.abort();
              yield event;
            }
          }),
        );
        const { agent } = newAgent([...turns, says('Done'), says('Here I am')]);
        const outcome = await outcomeOf(async () => {
          const result = await runOnce(agent, 'Go', session, {
            stream: true,
            signal: abort.signal,
          });
          return { newItems: result.newItems };
        });
        const items = await session.getItems();
        const next = newAgent([says('Here I am')]);
        const after = await runOnce(next.agent, 'Are you there?', session);
        return [outcome, items, after.finalOutput, next.model.lastCall?.request.input];
      };
      return aborted;
    };

    test.each([0, 1].flatMap((turn) => events.map((_event, index) => [turn, index] as const)))(
      'in turn %i at event %i leaves what MemorySession has',
      async (turn, index) => {
        const expected = await play(abortedAt(turn, index), new MemorySession());
        expect(await play(abortedAt(turn, index), newSession())).toBe(expected);
      },
    );

    test('before it begins leaves what MemorySession has', async () => {
      const scenario = conversation(() => [says('Hello')], ['Hi'], { signal: AbortSignal.abort() });
      for (const stream of [false, true]) {
        const expected = await play(scenario, new MemorySession(), stream);
        expect(await play(scenario, newSession(), stream)).toBe(expected);
      }
    });

    test('in a stream that ends too early leaves what MemorySession has', async () => {
      const scenario = conversation(
        () => [modelStream(events.slice(0, 3)), says('Hello')],
        ['Hi', 'Hi?'],
      );
      const expected = await play(scenario, new MemorySession(), true);
      expect(await play(scenario, newSession(), true)).toBe(expected);
    });
  });
});
