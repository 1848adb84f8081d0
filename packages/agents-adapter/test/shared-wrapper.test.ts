import { AgentsSession, compactingSession } from '@agent-sessions/agents-adapter';
import type { SessionStore } from '@agent-sessions/session-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  OpenAIResponsesCompactionSession,
  type OpenAIResponsesCompactionSessionOptions,
} from '@openai/agents';
import {
  Agent,
  type AgentInputItem,
  Runner,
  RunState,
  type Session,
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
import { type OpenAiApi, startOpenAiApi } from './openai-api.ts';
import { stores } from './stores.ts';

const runner = new Runner({ tracingDisabled: true });
const history = [user('a'), assistantMessage('b')];
const compaction: AgentInputItem = { type: 'compaction', id: 'cmp', encrypted_content: 'abcd=' };
const compacted = [compaction, user('kept')];
const theirs = user('theirs');
const turn = (text: string): AgentInputItem[] => [
  { type: 'message', role: 'user', content: text },
  assistantMessage(text),
];

let api: OpenAiApi;
beforeAll(async () => {
  api = await startOpenAiApi();
  process.env['OPENAI_BASE_URL'] = api.url;
  process.env['OPENAI_API_KEY'] = 'none';
});
beforeEach(() => {
  api.compact = () => compacted;
});
afterAll(() => api.close());

type Options = Omit<OpenAIResponsesCompactionSessionOptions, 'underlyingSession'>;

describe.each(stores)('On $name, one compacting session', ({ useStore }) => {
  const { store, newSessionId } = useStore();

  async function start(options: Options = {}, on: SessionStore = store) {
    const sessionId = newSessionId();
    const other = new AgentsSession({ store, sessionId });
    await other.addItems(history);
    const mine = new AgentsSession({ store: on, sessionId });
    let underlying: Session = mine;
    const session = compactingSession(mine, (underlyingSession) => {
      underlying = underlyingSession;
      return new OpenAIResponsesCompactionSession({ underlyingSession, ...options });
    });
    return { session, underlying, mine, other, sessionId };
  }

  async function runIn(session: Session, text: string, stream: boolean) {
    const model = new ScriptedModel([modelResponder(() => [assistantMessage(text)])]);
    const agent = new Agent({ name: 'Desk', model });
    if (!stream) return (await runner.run(agent, text, { session })).finalOutput;
    const result = await runner.run(agent, text, { session, stream: true });
    await result.completed;
    return result.finalOutput;
  }

  /** Calls something once, the first time that it is asked. */
  function once<Result>(call: () => Result): () => Result | undefined {
    let called = false;
    return () => {
      if (called) return undefined;
      called = true;
      return call();
    };
  }

  describe.each([false, true])('for runs, streamed: %s', (stream) => {
    test.each<[string, 'refused' | 'conflict' | 'down']>([
      ['the API refuses', 'refused'],
      ['is in conflict', 'conflict'],
      ['the store refuses', 'down'],
    ])('B2 keeps the turn that is stored while the compaction of another %s', async (_n, how) => {
      let isDown = false;
      const failing = failingStore(store, () => isDown);
      const isFirst = once(() => true);
      const shouldTriggerCompaction = () => isFirst() === true;
      const { session, other } = await start({ shouldTriggerCompaction }, failing);
      let second: Promise<unknown> | undefined;
      api.compact = async () => {
        second = runIn(session, 'second', stream);
        if (how === 'refused') return 400;
        if (how === 'conflict') await other.popItem();
        isDown = how === 'down';
        return compacted;
      };
      const first = runIn(session, 'first', stream).finally(() => (isDown = false));
      expect(await failureOf(first)).toBeInstanceOf(Error);
      expect(await second).toBe('second');
      const said = [...history, ...turn('first')].slice(0, how === 'conflict' ? -1 : undefined);
      expect(await other.getItems()).toEqual([...said, ...turn('second')]);
    });

    test.each(['asked to compact', 'deciding whether to'])(
      'B3 serves a run that begins while another one is %s',
      async (when) => {
        let second: Promise<unknown> | undefined;
        let decisions = 0;
        let session: Session | undefined;
        const begin = once(() => {
          if (session) second = runIn(session, 'second', stream);
        });
        const shouldTriggerCompaction = () => {
          if (when === 'deciding whether to') begin();
          decisions += 1;
          return decisions === 1;
        };
        const started = await start({ shouldTriggerCompaction });
        ({ session } = started);
        api.compact = () => {
          begin();
          return compacted;
        };
        await runIn(session, 'first', stream);
        expect(await second).toBe('second');
        expect(await started.other.getItems()).toEqual([...compacted, ...turn('second')]);
      },
    );
  });

  describe('B2 adds what anybody but the wrapper adds inside of its compaction', () => {
    const ways: [string, (to: Awaited<ReturnType<typeof start>>) => Promise<unknown>][] = [
      ['by itself', ({ session }) => session.addItems([theirs])],
      ['by the session beneath', ({ mine }) => mine.addItems([theirs])],
      ['by what the wrapper was given', ({ underlying }) => underlying.addItems([theirs])],
      ['by another session', ({ other }) => other.addItems([theirs])],
      [
        'with a receipt',
        async ({ session }) => {
          const { ownership } = await session.getItemsWithCompactionOwnership();
          await session.addItemsWithCompactionOwnership([theirs], ownership);
        },
      ],
      [
        'while it compacts by hand, too',
        async ({ session }) => {
          await session.addItems([theirs]);
          expect(await session.runCompaction({ force: true })).toBeNull();
        },
      ],
    ];

    test.each(ways)('%s', async (_name, add) => {
      let started: Awaited<ReturnType<typeof start>> | undefined;
      const addOnce = once(async () => started && add(started));
      const client = {
        responses: {
          compact: async () => {
            await addOnce();
            return { output: compacted };
          },
        },
      };
      const options = { client, compactionMode: 'input' } as unknown as Options;
      started = await start(options);
      await started.session.runCompaction({ force: true });
      expect(await started.other.getItems()).toEqual([...compacted, theirs]);
    });

    test('and a whole run', async () => {
      let session: Session | undefined;
      const begin = once(async () => session && runIn(session, 'inner', false));
      const shouldTriggerCompaction = async () => {
        await begin();
        return true;
      };
      const started = await start({ shouldTriggerCompaction });
      ({ session } = started);
      await runIn(session, 'outer', false);
      const items = await started.other.getItems();
      expect(items).toEqual([...compacted, ...turn('inner')]);
    });
  });

  test('chooses by the context, of whichever run it serves', async () => {
    const sessionId = newSessionId();
    const choosing = new AgentsSession({
      store,
      choose: (chat: string) => ({ sessionId: `${sessionId}:${chat}` }),
    });
    const session = compactingSession(
      choosing,
      (underlyingSession) =>
        new OpenAIResponsesCompactionSession({
          underlyingSession,
          shouldTriggerCompaction: ({ sessionItems }) => sessionItems.length >= 4,
        }),
    );
    const of = (chat: string) => new AgentsSession({ store, sessionId: `${sessionId}:${chat}` });
    const say = (context: string, text: string) => {
      const model = new ScriptedModel([[assistantMessage(text)]]);
      return runner.run(new Agent<string>({ name: 'Desk', model }), text, { session, context });
    };
    await say('one', '1');
    await Promise.all([say('two', '2'), say('three', '3')]);
    expect(await of('one').getItems()).toEqual(turn('1'));
    expect(await of('two').getItems()).toEqual(turn('2'));
    expect(await of('three').getItems()).toEqual(turn('3'));
    await say('one', '4');
    expect(await of('one').getItems()).toEqual(compacted);
    expect(await of('two').getItems()).toEqual(turn('2'));
  });

  test('by hand compacts the history as it is, not the response of some run', async () => {
    const { session, other } = await start();
    await runIn(session, 'said', false);
    await other.addItems([theirs]);
    await session.runCompaction({ force: true });
    expect(api.requests.at(-1)).not.toHaveProperty('previous_response_id');
    expect(api.requests.at(-1)?.input).toHaveLength(5);
    expect(await other.getItems()).toEqual(compacted);
  });

  test.each([false, true])(
    'does not compact a call away that waits for its approval, elsewhere: %s',
    async (elsewhere) => {
      const { session, other } = await start({ shouldTriggerCompaction: () => true });
      const agent = new Agent({
        name: 'Desk',
        model: new ScriptedModel([
          [functionCall('pay', {}, { callId: '1' })],
          [assistantMessage('Paid')],
        ]),
        tools: [
          tool({
            name: 'pay',
            description: 'Pays.',
            parameters: z.object({}),
            needsApproval: true,
            execute: async () => 'Paid.',
          }),
        ],
      });
      const run = (input: string | RunState<unknown, typeof agent>) =>
        runner.run(agent, input, { session });
      const { state } = await run('Pay');
      const left = await other.getItems();
      expect(left.map(({ type }) => type)).toEqual([
        ...['message', 'message', 'message', 'function_call'],
      ]);
      const later = elsewhere ? await RunState.fromString(agent, state.toString()) : state;
      for (const interruption of later.getInterruptions()) later.approve(interruption);
      const { finalOutput } = await run(later);
      expect(finalOutput).toBe('Paid');
      expect(await other.getItems()).toEqual(
        elsewhere ? [...left, expect.anything(), expect.anything()] : compacted,
      );
    },
  );
});

/** The same store, whose commits fail while it is down. */
function failingStore(store: SessionStore, isDown: () => boolean): SessionStore {
  return {
    capabilities: store.capabilities,
    create: (...args) => store.create(...args),
    commit: async (...args) => {
      if (isDown()) throw new Error('The store is down.');
      return store.commit(...args);
    },
    read: (...args) => store.read(...args),
    metadata: (...args) => store.metadata(...args),
    state: (...args) => store.state(...args),
    sessions: (...args) => store.sessions(...args),
    delete: (...args) => store.delete(...args),
    list: (...args) => store.list(...args),
    close: () => store.close(),
  };
}
