import { AgentsSession, compactingSession } from '@agent-sessions/agents-adapter';
import { describe, expect, test } from '@jest/globals';
import { OpenAIResponsesCompactionSession } from '@openai/agents';
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

import { stores } from './stores.ts';

process.env['OPENAI_API_KEY'] = 'none';
const runner = new Runner({ tracingDisabled: true });
const compaction: AgentInputItem = { type: 'compaction', id: 'cmp', encrypted_content: 'abcd=' };
const answer = assistantMessage('Paid', { id: 'msg_1' });
const compacted = [compaction, answer];

/** When another writes: while the run waits, while its tool works, while its model compacts. */
const moments = ['waiting', 'working', 'compacting'] as const;
const ways = [false, true].flatMap((elsewhere) =>
  [false, true].flatMap((stream) =>
    [false, true].flatMap((isWrapped) =>
      moments.map((moment) => ({ elsewhere, stream, isWrapped, moment })),
    ),
  ),
);
type Way = (typeof ways)[number];

describe.each(stores)('B5 on $name, an inline compaction after an approval', ({ useStore }) => {
  const { store, newSessionId } = useStore();

  /** A run that asks for an approval and then compacts, and what comes of it. */
  async function run(way: Way, write: (moment: Way['moment']) => unknown, sessionId: string) {
    const newSession = (): Session => {
      const session = new AgentsSession({ store, sessionId });
      if (!way.isWrapped) return session;
      return compactingSession(
        session,
        (underlyingSession) => new OpenAIResponsesCompactionSession({ underlyingSession }),
      );
    };
    const name = (callId: string) => functionCall('pay', { to: 'a' }, { callId });
    const agent = new Agent({
      name: 'Desk',
      model: new ScriptedModel([
        [name('1'), name('2')],
        modelResponder(async () => {
          await write('compacting');
          return [compaction, answer] as (typeof answer)[];
        }),
      ]),
      tools: [
        tool({
          name: 'pay',
          description: 'Pays.',
          parameters: z.object({ to: z.string() }),
          needsApproval: async (_context, _input, callId) => callId === '1',
          execute: async () => {
            await write('working');
            return 'Paid.';
          },
        }),
      ],
    });
    const go = async (input: string | RunState<unknown, typeof agent>, session: Session) => {
      if (!way.stream) return (await runner.run(agent, input, { session })).state;
      const result = await runner.run(agent, input, { session, stream: true });
      await result.completed;
      return result.state;
    };
    const session = newSession();
    const state = await go('Pay', session);
    await write('waiting');
    const later = way.elsewhere ? await RunState.fromString(agent, state.toString()) : state;
    for (const interruption of later.getInterruptions()) later.approve(interruption);
    await go(later, way.elsewhere ? newSession() : session);
  }

  test.each(ways)('leaves what others have added, and no result: %j', async (way) => {
    const sessionId = newSessionId();
    const other = new AgentsSession({ store, sessionId });
    await other.addItems([user('before')]);
    const notes: AgentInputItem[] = [];
    await run(
      way,
      async (moment) => {
        // The tool works twice: once before the approval, and once after it.
        const isMoment = moment === way.moment && (moment !== 'working' || notes.length < 2);
        if (!isMoment) return;
        notes.push(user(`a note of another ${notes.length}`), assistantMessage('and an answer'));
        await other.addItems(notes.slice(-2));
      },
      sessionId,
    );
    const [note, noteAnswer] = notes;
    // What came before the run first wrote cannot be told, elsewhere, from what it had read.
    const isUnknown = way.elsewhere && way.moment === 'working';
    expect(await other.getItems()).toEqual(
      isUnknown ? compacted : [...compacted, note, noteAnswer],
    );
  });

  test.each(ways)('leaves the calls that others have answered: %j', async (way) => {
    const sessionId = newSessionId();
    const other = new AgentsSession({ store, sessionId });
    const call = functionCall('ask', {}, { callId: 'theirs' });
    const result: AgentInputItem = {
      type: 'function_call_result',
      name: 'ask',
      callId: 'theirs',
      status: 'completed',
      output: 'yes',
    };
    const thought: AgentInputItem = { type: 'reasoning', id: 'rs_1', content: [] };
    await other.addItems([user('before'), thought, call]);
    let isWritten = false;
    await run(
      way,
      async (moment) => {
        if (moment !== way.moment || isWritten) return;
        isWritten = true;
        await other.addItems([result]);
      },
      sessionId,
    );
    const isUnknown = way.elsewhere && way.moment === 'working';
    expect(await other.getItems()).toEqual(
      isUnknown ? compacted : [...compacted, thought, call, result],
    );
  });
});
