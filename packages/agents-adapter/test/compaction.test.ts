import { AgentsSession, compactingSession } from '@agent-sessions/agents-adapter';
import type { SessionStore } from '@agent-sessions/session-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { OpenAIResponsesCompactionSession } from '@openai/agents';
import type { OpenAIResponsesCompactionSessionOptions } from '@openai/agents';
import {
  Agent,
  type AgentInputItem,
  isSessionHistoryTransactionAwareSession,
  RunContext,
  Runner,
  user,
} from '@openai/agents-core';
import { assistantMessage, modelResponder, ScriptedModel } from '@openai/agents-core/testing';

import { startChild } from './child-process.ts';
import { failureOf } from './failure.ts';
import { startLosingProxy } from './losing-proxy.ts';
import { type OpenAiApi, startOpenAiApi } from './openai-api.ts';
import { stores, useRedis } from './stores.ts';

const runner = new Runner({ tracingDisabled: true });
const history = [user('a'), assistantMessage('b'), user('c'), assistantMessage('d')];
const compaction: AgentInputItem = { type: 'compaction', id: 'cmp', encrypted_content: 'abcd=' };
const compacted = [compaction, user('kept')];
const theirs = user('from another writer');

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

describe.each(stores)('On $name, a compaction', ({ useStore }) => {
  const { store, newSessionId } = useStore();
  const newSession = (sessionId: string) => new AgentsSession({ store, sessionId });

  /** A session with a history that its object has read, and one for another writer. */
  async function startSession() {
    const sessionId = newSessionId();
    const other = newSession(sessionId);
    await other.addItems(history);
    const session = newSession(sessionId);
    return { sessionId, session, other };
  }

  describe('by replaceHistoryWithCompaction', () => {
    test('takes the place of the history that was read', async () => {
      const { session, other } = await startSession();
      await session.conversation.trackAgent('Desk');
      await session.getItems();
      await session.replaceHistoryWithCompaction(compacted);
      expect(await other.getItems()).toEqual(compacted);
      expect(await other.conversation.load()).toMatchObject({ agentsUsed: ['Desk'] });
    });

    test('stands before what others have added since the read', async () => {
      const { session, other } = await startSession();
      await session.getItems();
      await other.conversation.append([
        { role: 'user', content: 'plain', tokens: 7, id: 'own id' },
      ]);
      await other.addItems([theirs]);
      const [plain, item] = (await other.conversation.messages()).slice(history.length);
      await session.replaceHistoryWithCompaction(compacted);
      const messages = await other.conversation.messages();
      expect(messages.slice(2)).toEqual([plain, item]);
      expect((await other.getItems()).slice(0, 2)).toEqual(compacted);
    });

    test('stands before what others have added, even before a write of its own', async () => {
      const { session, other } = await startSession();
      await session.getItems();
      await other.addItems([theirs]);
      await session.addItems([user('own')]);
      await session.replaceHistoryWithCompaction(compacted);
      expect(await other.getItems()).toEqual([...compacted, theirs, user('own')]);
    });

    test('covers what was written after the read, if nobody else has written', async () => {
      const { session, other } = await startSession();
      await session.getItems();
      await session.addItems([user('own')]);
      await session.applyHistoryTransaction({
        operationId: '1',
        transaction: { type: 'append_items', items: [user('own, too')] },
      });
      await session.replaceHistoryWithCompaction(compacted);
      expect(await other.getItems()).toEqual(compacted);
    });

    test('covers all there is, if nothing was read', async () => {
      const { session, other } = await startSession();
      await session.replaceHistoryWithCompaction(compacted);
      expect(await other.getItems()).toEqual(compacted);
    });

    test('stands before what others have begun, if there was nothing to read', async () => {
      const sessionId = newSessionId();
      const session = newSession(sessionId);
      await session.getItems();
      await newSession(sessionId).addItems([theirs]);
      await session.replaceHistoryWithCompaction(compacted);
      expect(await session.getItems()).toEqual([...compacted, theirs]);
    });

    test('of a run covers what the run began with, however often it reads', async () => {
      const { session, other } = await startSession();
      const run = new RunContext();
      await session.getItems(undefined, run);
      await other.addItems([theirs]);
      await session.getItems(undefined, run);
      await session.replaceHistoryWithCompaction(compacted, run);
      expect(await other.getItems()).toEqual([...compacted, theirs]);
    });

    test.each<[string, (session: AgentsSession) => Promise<unknown>]>([
      ['popped', (other) => other.popItem()],
      [
        'popped and added as many',
        async (other) => {
          await other.popItem();
          await other.addItems([theirs]);
        },
      ],
      ['cleared', (other) => other.clearSession()],
      [
        'cleared and added the same',
        async (other) => {
          await other.clearSession();
          await other.addItems(history);
        },
      ],
      [
        'replaced the suffix',
        (other) =>
          other.applyHistoryTransaction({
            operationId: '1',
            transaction: {
              type: 'replace_suffix',
              expectedSuffix: history.slice(-1),
              replacement: [theirs],
            },
          }),
      ],
      ['compacted', (other) => other.replaceHistoryWithCompaction([compaction])],
    ])('is a conflict where others have %s, and works after a read', async (_name, change) => {
      const { session, other } = await startSession();
      await session.getItems();
      await change(other);
      const before = await other.conversation.read();
      for (const items of [compacted, []]) {
        expect(await failureOf(session.replaceHistoryWithCompaction(items))).toMatchObject({
          code: 'conflict',
        });
      }
      expect(await other.conversation.read()).toEqual(before);
      await session.getItems();
      await session.replaceHistoryWithCompaction(compacted);
      expect(await other.getItems()).toEqual(compacted);
    });

    test('with an item that cannot be kept changes nothing', async () => {
      const { session, other } = await startSession();
      await session.getItems();
      const bad: AgentInputItem = { ...compaction, providerData: { bad: 1n } };
      expect(await failureOf(session.replaceHistoryWithCompaction([bad]))).toMatchObject({
        code: 'unstorable_value',
        field: 'items[0].providerData.bad',
      });
      expect(await other.getItems()).toEqual(history);
    });

    test('F10 loses nothing of 20 others who add at the same time, and doubles nothing', async () => {
      const { sessionId, session, other } = await startSession();
      await session.getItems();
      const added = Array.from({ length: 20 }, (_, index) => user(`other ${index}`));
      await Promise.all([
        ...added.slice(0, 10).map((item) => newSession(sessionId).addItems([item])),
        session.replaceHistoryWithCompaction(compacted),
        ...added.slice(10).map((item) => newSession(sessionId).addItems([item])),
      ]);
      const items = await other.getItems();
      expect(items.slice(0, 2)).toEqual(compacted);
      expect(sorted(items.slice(2))).toEqual(sorted(added));
    });

    test('in the output of a model keeps what others have added while it was thinking', async () => {
      const { session, other } = await startSession();
      const model = new ScriptedModel([
        modelResponder(async () => {
          await other.addItems([theirs]);
          return [compaction, assistantMessage('Compacted', { id: 'msg_1' })];
        }),
      ]);
      await runner.run(new Agent({ name: 'Desk', model }), 'Go on', { session });
      expect(await other.getItems()).toEqual([
        compaction,
        assistantMessage('Compacted', { id: 'msg_1' }),
        theirs,
      ]);
    });
  });

  describe("by the SDK's wrapper", () => {
    type Options = Omit<OpenAIResponsesCompactionSessionOptions, 'underlyingSession'>;
    const wrap = (sessionId: string, options: Options = {}, on: SessionStore = store) =>
      compactingSession(
        new AgentsSession({ store: on, sessionId }),
        (underlyingSession) =>
          new OpenAIResponsesCompactionSession({ underlyingSession, ...options }),
      );
    const newAgent = (answer = 'e') =>
      new Agent({ name: 'Desk', model: new ScriptedModel([[assistantMessage(answer)]]) });

    test('by hand takes the place of the history', async () => {
      const { sessionId, other } = await startSession();
      const session = wrap(sessionId);
      expect(await session.runCompaction({ force: true })).toMatchObject({
        usage: { totalTokens: 110 },
      });
      expect(api.requests.at(-1)?.input).toHaveLength(history.length);
      expect(await session.getItems()).toEqual(compacted);
      expect(await other.getItems()).toEqual(compacted);
    });

    test('by hand is of the history as it is, not as the wrapper remembers it', async () => {
      const { sessionId, other } = await startSession();
      const session = wrap(sessionId);
      await session.runCompaction({ force: true });
      await other.addItems([theirs]);
      await session.addItems([user('own')]);
      await session.runCompaction({ force: true });
      expect(api.requests.at(-1)?.input).toHaveLength(compacted.length + 2);
      expect(await other.getItems()).toEqual(compacted);
    });

    test('does not come where there is little to compact', async () => {
      const { sessionId, other } = await startSession();
      const asked = api.requests.length;
      expect(await wrap(sessionId).runCompaction()).toBeNull();
      expect(api.requests).toHaveLength(asked);
      expect(await other.getItems()).toEqual(history);
    });

    test('comes by itself after a run', async () => {
      const { sessionId, other } = await startSession();
      const session = wrap(sessionId, { shouldTriggerCompaction: () => true });
      const result = await runner.run(newAgent(), 'Go on', { session });
      expect(result.finalOutput).toBe('e');
      expect(api.requests.at(-1)).toMatchObject({ previous_response_id: 'scripted-response-1' });
      expect(await other.getItems()).toEqual(compacted);

      await runner.run(newAgent(), 'And on', { session });
      expect(await other.getItems()).toEqual(compacted);
    });

    test('to nothing leaves nothing', async () => {
      const { sessionId, other } = await startSession();
      api.compact = () => [];
      await wrap(sessionId).runCompaction({ force: true });
      expect(await other.getItems()).toEqual([]);
      expect(await other.conversation.metadata()).toBeDefined();
    });

    test('that the API refuses changes nothing', async () => {
      const { sessionId, other } = await startSession();
      api.compact = () => 400;
      const session = wrap(sessionId);
      await failureOf(async () => session.runCompaction({ force: true }));
      expect(await other.getItems()).toEqual(history);
      api.compact = () => compacted;
      await session.runCompaction({ force: true });
      expect(await other.getItems()).toEqual(compacted);
    });

    test.each(['popped', 'cleared'])(
      'is a conflict where others have %s meanwhile, and changes nothing',
      async (change) => {
        const { sessionId, other } = await startSession();
        api.compact = async () => {
          if (change === 'popped') await other.popItem();
          else await other.clearSession();
          return compacted;
        };
        const session = wrap(sessionId);
        const error = await failureOf(async () => session.runCompaction({ force: true }));
        expect(error).toMatchObject({ code: 'conflict' });
        expect(await other.getItems()).toEqual(change === 'popped' ? history.slice(0, 3) : []);
      },
    );

    test('stands before what others have begun, where there was nothing', async () => {
      const sessionId = newSessionId();
      const other = newSession(sessionId);
      api.compact = async () => {
        await other.addItems([theirs]);
        return compacted;
      };
      await wrap(sessionId).runCompaction({ force: true });
      expect(await other.getItems()).toEqual([...compacted, theirs]);
    });

    test('of a session that ended meanwhile does not begin another', async () => {
      const { sessionId, other } = await startSession();
      api.compact = async () => {
        await store.delete(sessionId);
        return compacted;
      };
      const session = wrap(sessionId);
      const error = await failureOf(async () => session.runCompaction({ force: true }));
      expect(error).toMatchObject({ code: 'session_not_found' });
      expect(await other.conversation.metadata()).toBeUndefined();
    });

    test('is of what was added before it through the wrapper, and stands before the rest', async () => {
      const { sessionId, other } = await startSession();
      const session = wrap(sessionId);
      await Promise.all([
        session.addItems([user('1')]),
        session.addItems([user('2')]),
        session.runCompaction({ force: true }),
        session.addItems([user('3')]),
        session.addItems([user('4')]),
      ]);
      expect(api.requests.at(-1)?.input).toHaveLength(history.length + 2);
      expect(await other.getItems()).toEqual([...compacted, user('3'), user('4')]);
    });

    test('is not confused by runs that read and write through the wrapper before it', async () => {
      const { sessionId, other } = await startSession();
      const session = wrap(sessionId);
      const read = () => session.getItemsWithCompactionOwnership();
      const write = (text: string) => session.addItemsWithCompactionOwnership([user(text)], null);
      await Promise.all([
        ...[read(), write('1'), read(), write('2'), read(), write('3')],
        session.runCompaction({ force: true }),
      ]);
      expect(api.requests.at(-1)?.input).toHaveLength(history.length + 3);
      expect(await other.getItems()).toEqual(compacted);
    });

    test('that the store refuses changes nothing, and works when it is repeated', async () => {
      const { sessionId, other } = await startSession();
      let fails = true;
      const failing = withPauses(store, async () => {
        if (!fails) return;
        fails = false;
        throw new Error('The store is down.');
      });
      failing.read = (...args) => store.read(...args);
      const session = wrap(sessionId, {}, failing);
      const before = await other.conversation.read();
      const error = await failureOf(async () => session.runCompaction({ force: true }));
      expect(error.message).toBe('The store is down.');
      expect(await other.conversation.read()).toEqual(before);
      await session.runCompaction({ force: true });
      expect(await other.getItems()).toEqual(compacted);
    });

    test('waits for a clearing, and a clearing for it', async () => {
      const { sessionId, other } = await startSession();
      const session = wrap(sessionId);
      await Promise.all([session.runCompaction({ force: true }), session.clearSession()]);
      expect(await other.getItems()).toEqual([]);
      await session.addItems(history);
      await Promise.all([session.clearSession(), session.addItems([user('anew')])]);
      expect(await other.getItems()).toEqual([user('anew')]);
    });

    test('leaves the wrapper a session: it reads, pops and clears', async () => {
      const { sessionId, other } = await startSession();
      const session = wrap(sessionId);
      expect(await session.getSessionId()).toBe(sessionId);
      expect(await session.getItems()).toEqual(history);
      expect(await session.getItems(1)).toEqual(history.slice(-1));
      expect(await session.popItem()).toEqual(history.at(-1));
      await session.clearSession();
      expect(await other.getItems()).toEqual([]);
    });

    test('leaves the wrapper what the session can do: transactions and mutations', async () => {
      const { sessionId, other } = await startSession();
      const session = wrap(sessionId);
      expect(isSessionHistoryTransactionAwareSession(session)).toBe(true);
      const args = {
        operationId: '1',
        transaction: {
          type: 'replace_suffix' as const,
          expectedSuffix: history.slice(-1),
          replacement: [theirs],
        },
      };
      await session.applyHistoryTransaction(args);
      await session.applyHistoryTransaction(args);
      expect(await other.getItems()).toEqual([...history.slice(0, 3), theirs]);
      await session.runCompaction({ force: true });
      expect(api.requests.at(-1)?.input).toHaveLength(history.length);
      expect(await other.getItems()).toEqual(compacted);
    });

    test('does not hide that the session ended in the middle of a run', async () => {
      const { sessionId, other } = await startSession();
      const model = new ScriptedModel([
        modelResponder(async () => {
          await store.delete(sessionId);
          return [assistantMessage('e')];
        }),
      ]);
      const agent = new Agent({ name: 'Desk', model });
      const session = wrap(sessionId);
      expect(await failureOf(runner.run(agent, 'Go on', { session }))).toMatchObject({
        code: 'session_not_found',
      });
      expect(await other.conversation.metadata()).toBeUndefined();
    });

    describe('F10 where another writes at some moment of it', () => {
      const byHand = async (sessionId: string, on: SessionStore, options: Options) => {
        const session = wrap(sessionId, options, on);
        const error = await errorOf(async () => session.runCompaction({ force: true }));
        return { error, request: undefined };
      };
      const byItself = async (sessionId: string, on: SessionStore, options: Options) => {
        const session = wrap(sessionId, { ...options, shouldTriggerCompaction: () => true }, on);
        const model = new ScriptedModel([[assistantMessage('e')]]);
        const agent = new Agent({ name: 'Desk', model });
        const error = await errorOf(() => runner.run(agent, 'Go on', { session }));
        return { error, request: model.lastCall?.request.input };
      };
      const said: AgentInputItem = { type: 'message', role: 'user', content: 'Go on' };
      const ran = [...history, said, assistantMessage('e')];
      const ways: [string, typeof byHand | typeof byItself, Options, AgentInputItem[]][] = [
        ['by hand', byHand, {}, history],
        ['by hand, with a budget', byHand, { maxRollbackItems: 100 }, history],
        ['by itself', byItself, {}, ran],
        ['by itself, with a budget', byItself, { maxRollbackItems: 100 }, ran],
        ['by itself, of the input', byItself, { compactionMode: 'input' }, ran],
      ];

      test.each(ways)(
        'loses nothing and doubles nothing: %s',
        async (_name, compact, options, whole) => {
          let moments = 0;
          let conflicts = 0;
          for (let moment = 0; moment <= moments; moment += 1) {
            const { sessionId, other } = await startSession();
            let seen = 0;
            const pause = async () => {
              if (seen === moment) await other.addItems([theirs]);
              seen += 1;
            };
            let covered: unknown;
            api.compact = async ({ input }) => {
              await pause();
              covered = input;
              return compacted;
            };
            const on = withPauses(store, pause);
            const { request, error } = await compact(sessionId, on, options);
            moments = Math.max(moments, seen);

            const isTheirs = (item: unknown) => JSON.stringify(item) === JSON.stringify(theirs);
            const items = await other.getItems();
            const others = items.filter(isTheirs).length;
            const rest = items.filter((item) => !isTheirs(item));
            const wrote = seen > moment ? 1 : 0;
            if (error) conflicts += 1;
            if (error) expect(error).toMatchObject({ code: 'conflict' });
            if (JSON.stringify(rest) === JSON.stringify(compacted)) {
              // What they have written is after the compaction, or was in what it was made of.
              const isCovered = JSON.stringify(covered ?? request).includes('another writer');
              expect([moment, others]).toEqual([moment, isCovered ? 0 : wrote]);
            } else {
              expect([moment, others]).toEqual([moment, wrote]);
              expect(JSON.stringify(rest)).toBe(JSON.stringify(whole));
            }
          }
          expect(moments).toBeGreaterThan(3);
          expect(conflicts).toBeLessThan(moments);
        },
      );
    });
  });
});

describe('F10 In Redis, a compaction whose process is killed', () => {
  const redis = useRedis();

  test.each([
    ['in the middle of it leaves the history as it was', 'request', history],
    ['right before its commit leaves the history as it was', 'commit', history],
    ['right after its commit leaves it compacted', 'answer', compacted],
  ] as const)('%s', async (_name, when, left) => {
    const proxy = await startLosingProxy(redis.url);
    const sessionId = redis.newSessionId();
    const session = new AgentsSession({ store: redis.store, sessionId });
    await session.addItems(history);

    const input = { url: proxy.url, sessionId, openAiUrl: api.url };
    const child = startChild('compaction-process.ts', input);
    const kill = { onLoss: () => child.kill(), andStayAway: true };
    api.compact = () => {
      if (when === 'request') child.kill();
      else if (when === 'commit') proxy.loseNextCommit(kill);
      else proxy.loseNextAnswer(kill);
      return compacted;
    };
    expect(await child.ended).toBeNull();
    expect(proxy.lost).toBe(when === 'request' ? 0 : 1);
    expect(await session.getItems()).toEqual(left);
    await proxy.close();
  });
});

/** The same store, with a pause before and after every call that touches history. */
function withPauses(store: SessionStore, pause: () => Promise<void>): SessionStore {
  const paused = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    await pause();
    const result = await call();
    await pause();
    return result;
  };
  return {
    capabilities: store.capabilities,
    create: (...args) => store.create(...args),
    commit: (...args) => paused(() => store.commit(...args)),
    read: (...args) => paused(() => store.read(...args)),
    metadata: (...args) => store.metadata(...args),
    state: (...args) => store.state(...args),
    sessions: (...args) => store.sessions(...args),
    delete: (...args) => store.delete(...args),
    list: (...args) => store.list(...args),
    close: () => store.close(),
  };
}

async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    () => undefined,
    (error: unknown) => error,
  );
}

function sorted(items: AgentInputItem[]): string[] {
  return items.map((item) => JSON.stringify(item)).toSorted();
}
