import { AgentsSession, compactingSession } from '@agent-sessions/agents-adapter';
import type { SessionStore } from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';
import { OpenAIResponsesCompactionSession } from '@openai/agents';
import {
  Agent,
  type AgentInputItem,
  RunContext,
  type RunContextAwareSession,
  Runner,
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

import { endings } from './endings.ts';
import { failureOf } from './failure.ts';
import { stores } from './stores.ts';

process.env['OPENAI_API_KEY'] = 'none';
const runner = new Runner({ tracingDisabled: true });
const compaction: AgentInputItem = { type: 'compaction', id: 'cmp', encrypted_content: 'abcd=' };

/** What a run is made of: the session, and what ends it, to be called in the middle. */
interface Scene {
  readonly session: RunContextAwareSession;
  readonly end: () => Promise<unknown>;
  readonly stream: boolean;
}

async function runIn(
  { session, stream }: Scene,
  agent: Agent,
  { input = 'Hi', context }: { input?: string; context?: RunContext } = {},
) {
  const options = { session, ...(context && { context }) };
  if (!stream) return (await runner.run(agent, input, options)).finalOutput;
  const result = await runner.run(agent, input, { ...options, stream: true });
  await result.completed;
  return result.finalOutput;
}

/** An agent that says this and that; functions are called when it is their turn. */
function agentOf(script: (AgentInputItem[] | (() => unknown))[], tools: Agent['tools'] = []) {
  let before: (() => unknown)[] = [];
  const steps = script.flatMap((step) => {
    if (typeof step === 'function') {
      before.push(step);
      return [];
    }
    const calls = before;
    before = [];
    return modelResponder(async () => {
      for (const call of calls) await call();
      return step;
    });
  });
  return new Agent({ name: 'Desk', model: new ScriptedModel(steps), tools });
}

const says = (text: string) => [assistantMessage(text)];
const asks = (name: string, callId: string) => [functionCall(name, { input: '?' }, { callId })];

/** An agent that another one uses as a tool, in the same session. */
function nested({ session }: Scene, script: Parameters<typeof agentOf>[0], isFork = false) {
  const agent = agentOf(script);
  const options = { toolName: 'ask', toolDescription: 'Asks.', runOptions: { session } };
  if (!isFork) return agent.asTool(options);
  // With parameters, it has a run context of its own, made from the first.
  return agent.asTool({ ...options, parameters: z.object({ input: z.string() }) });
}

/** Runs in whose middle the session ends, after they have read it. */
const runs: Record<string, (scene: Scene) => Promise<unknown>> = {
  alone: (scene) => runIn(scene, agentOf([scene.end, says('Done')])),
  'with a nested run after that': (scene) =>
    runIn(
      scene,
      agentOf([scene.end, asks('ask', '1'), says('Done')], [nested(scene, [says('?')])]),
    ),
  'with a nested run in a fork of its context after that': (scene) => {
    const tools = [nested(scene, [says('?')], true)];
    return runIn(scene, agentOf([scene.end, asks('ask', '1'), says('Done')], tools));
  },
  'with a nested run in the middle': (scene) =>
    runIn(
      scene,
      agentOf([asks('ask', '1'), says('Done')], [nested(scene, [scene.end, says('?')])]),
    ),
  'between two nested runs': (scene) => {
    const tools = [nested(scene, [says('?'), says('!')])];
    const script = [asks('ask', '1'), scene.end, asks('ask', '2'), says('Done')];
    return runIn(scene, agentOf(script, tools));
  },
  'after a nested run': (scene) => {
    const tools = [nested(scene, [says('?')])];
    return runIn(scene, agentOf([asks('ask', '1'), scene.end, says('Done')], tools));
  },
  'before it compacts inline': (scene) =>
    runIn(scene, agentOf([scene.end, [compaction, ...says('Done')]])),
  'after which it is read for display': (scene) =>
    runIn(scene, agentOf([scene.end, () => scene.session.getItems(), says('Done')])),
  'after which its own tool reads it': (scene) => {
    const look = tool({
      name: 'look',
      description: 'Looks.',
      parameters: z.object({ input: z.string() }),
      execute: async () => JSON.stringify(await scene.session.getItems()),
    });
    return runIn(scene, agentOf([scene.end, asks('look', '1'), says('Done')], [look]));
  },
};

/** Who gives the run its session. */
const kinds: readonly (readonly [
  string,
  (store: SessionStore, sessionId: string) => Scene['session'],
])[] = [
  ['plain', (store, sessionId) => new AgentsSession({ store, sessionId })],
  [
    'compacting',
    (store, sessionId) =>
      compactingSession(
        new AgentsSession({ store, sessionId }),
        (underlyingSession) => new OpenAIResponsesCompactionSession({ underlyingSession }),
      ),
  ],
];

describe.each(stores)('On $name', (on) => {
  const { store, newSessionId } = on.useStore();

  describe.each(kinds)('in a %s session', (_kind, newSession) => {
    describe.each(Object.entries(runs))('B4 a run %s', (_run, run) => {
      const cases = endings.flatMap(([name, end]) =>
        [false, true].map((stream) => ({ name, stream, end })),
      );

      test.each(on.name === 'memory' ? cases : cases.slice(-2))(
        'is refused where the session $name, streamed: $stream',
        async ({ end, stream }) => {
          const sessionId = newSessionId();
          const other = new AgentsSession({ store, sessionId });
          await other.addItems([user('before')]);
          const session = newSession(store, sessionId);
          let left: unknown;
          const ends = async () => {
            await end(store, sessionId);
            left = await other.conversation.read();
          };
          expect(await failureOf(() => run({ session, stream, end: ends }))).toMatchObject({
            code: 'session_not_found',
          });
          expect(left).toBeDefined();
          expect(await other.conversation.read()).toEqual(left);
          // The next run begins anew.
          await runIn({ session, stream, end: ends }, agentOf([says('Here I am')]));
          expect((await other.getItems()).slice(-1)).toEqual(says('Here I am'));
        },
      );
    });

    test.each([false, true])(
      'B4 two runs at once each notice what they have read, streamed: %s',
      async (stream) => {
        const sessionId = newSessionId();
        const other = new AgentsSession({ store, sessionId });
        await other.addItems([user('before')]);
        const session = newSession(store, sessionId);
        const scene = { session, stream, end: async () => {} };
        const first = runIn(
          scene,
          agentOf([
            async () => {
              await store.delete(sessionId);
              await runIn(scene, agentOf([says('second')]));
            },
            says('first'),
          ]),
        );
        expect(await failureOf(first)).toMatchObject({ code: 'session_not_found' });
        expect((await other.getItems()).slice(1)).toEqual(says('second'));
      },
    );

    test.each([false, true])(
      'B4 two runs at once in one run context are both bound by the first, streamed: %s',
      async (stream) => {
        const sessionId = newSessionId();
        const other = new AgentsSession({ store, sessionId });
        await other.addItems([user('before')]);
        const session = newSession(store, sessionId);
        const scene = { session, stream, end: async () => {} };
        const context = new RunContext();
        const second = async () => {
          await store.delete(sessionId);
          const run = runIn(scene, agentOf([says('second')]), { context });
          expect(await failureOf(run)).toMatchObject({ code: 'session_not_found' });
        };
        const first = runIn(scene, agentOf([second, says('first')]), { context });
        expect(await failureOf(first)).toMatchObject({ code: 'session_not_found' });
        expect(await other.conversation.metadata()).toBeUndefined();
      },
    );

    test('B4 a run that found no session joins the one that has begun since', async () => {
      const sessionId = newSessionId();
      const other = new AgentsSession({ store, sessionId });
      const session = newSession(store, sessionId);
      const scene = { session, stream: false, end: async () => {} };
      await runIn(scene, agentOf([() => other.addItems([user('theirs')]), says('Done')]));
      expect(await other.getItems()).toEqual([
        user('theirs'),
        { type: 'message', role: 'user', content: 'Hi' },
        ...says('Done'),
      ]);
    });
  });
});
