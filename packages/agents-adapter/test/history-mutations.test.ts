import { AgentsSession } from '@agent-sessions/agents-adapter';
import { describe, expect, test } from '@jest/globals';
import { MemorySession, type SessionHistoryMutation, user } from '@openai/agents-core';
import { functionCall } from '@openai/agents-core/testing';

import { asItem, exampleItems } from './example-items.ts';
import { failureOf } from './failure.ts';
import { stores } from './stores.ts';

function call(callId: string, version: string) {
  return functionCall('f', { version }, { callId, providerData: {} });
}

/** As a session gives it back: without the members that are undefined. */
function stored(callId: string, version: string) {
  const { namespace: _none, ...item } = call(callId, version);
  return item;
}

function replaceCall(callId: string, replacement = call(callId, 'new')): SessionHistoryMutation {
  return { type: 'replace_function_call', callId, replacement };
}

const history = [
  user('a'),
  call('1', 'old'),
  ...Object.values(exampleItems),
  call('2', 'old'),
  user('b'),
  call('1', 'old, again'),
  user('c'),
];

describe.each(stores)('On $name, a mutation of history', ({ useStore }) => {
  const { store, newSessionId } = useStore();
  const newSession = (sessionId = newSessionId()) => new AgentsSession({ store, sessionId });

  test.each<[string, SessionHistoryMutation[]]>([
    ['a call', [replaceCall('2')]],
    ['the first of several calls of one id, and drops the others', [replaceCall('1')]],
    ['several calls', [replaceCall('2'), replaceCall('1'), replaceCall('call_2')]],
    ['a call twice', [replaceCall('2', call('2', 'newer')), replaceCall('2', call('2', 'newest'))]],
    ['a call by one of another id', [replaceCall('2', call('3', 'renamed'))]],
    ['a call by one of an id that is there', [replaceCall('1', call('2', 'renamed'))]],
    ['a call that another mutation has renamed', [
      replaceCall('1', call('9', 'renamed')),
      replaceCall('9', call('1', 'renamed back')),
    ]], // prettier-ignore
    ['a call by itself', [replaceCall('2', call('2', 'old'))]],
    ['no call, where there is none of the id', [replaceCall('none')]],
    ['nothing, where there is no mutation', []],
  ])('replaces %s, as MemorySession does', async (_name, mutations) => {
    const expected = new MemorySession({ initialItems: history });
    await expected.applyHistoryMutations({ mutations });
    const session = newSession();
    await session.addItems(history);
    await session.applyHistoryMutations({ mutations });
    expect(JSON.stringify(await session.getItems())).toBe(
      JSON.stringify(await expected.getItems()),
    );
  });

  test('of a session that does not exist changes nothing, and creates none', async () => {
    const session = newSession();
    await session.applyHistoryMutations({ mutations: [replaceCall('1')] });
    expect(await session.conversation.metadata()).toBeUndefined();
  });

  test.each([
    ['changes nothing', [replaceCall('none'), replaceCall('2', call('2', 'old'))]],
    ['is none', []],
  ])('that %s writes nothing', async (_name, mutations) => {
    const session = newSession();
    await session.addItems(history);
    const before = await session.conversation.read();
    const metadata = await session.conversation.metadata();
    await session.applyHistoryMutations({ mutations });
    expect(await session.conversation.read()).toEqual(before);
    expect(await session.conversation.metadata()).toEqual(metadata);
  });

  test('keeps id, agent, tokens and time of the messages whose item stays', async () => {
    const session = newSession();
    const item = (version: string) => asItem(stored('1', version));
    await session.conversation.append([
      { role: 'user', content: 'plain, before', tokens: 1, agent: 'Desk', timestampMs: 1000 },
      { role: 'user', item: user('equal'), tokens: 2, timestampMs: 2000 },
      { role: 'assistant', item: item('old'), tokens: 3, timestampMs: 3000 },
      { role: 'user', item: user('equal'), tokens: 4, timestampMs: 4000 },
      { role: 'user', content: 'plain, after', tokens: 5, agent: 'Orders', timestampMs: 5000 },
      { role: 'assistant', item: item('old, again'), tokens: 6, timestampMs: 6000 },
      { role: 'user', item: user('equal'), tokens: 7, timestampMs: 7000 },
    ]);
    const before = await session.conversation.messages();
    await session.applyHistoryMutations({ mutations: [replaceCall('1')] });
    const after = await session.conversation.messages();

    expect(after).toHaveLength(6);
    const unchanged = [0, 1, 3, 4, 6].map((index) => before[index]);
    expect(after.filter((_message, index) => index !== 2)).toEqual(unchanged);
    expect(after[2]).toMatchObject({ role: 'assistant', item: stored('1', 'new') });
    expect(await session.conversation.load()).toMatchObject({ messageCount: 6, totalTokens: 19 });
  });

  test('keeps the binary of messages whose item stays as what it was', async () => {
    const session = newSession();
    const data = { buffer: Buffer.from('x'), bytes: new Uint8Array(1), raw: new ArrayBuffer(2) };
    const binary = asItem({ type: 'unknown', providerData: data });
    await session.addItems([binary, call('1', 'old'), binary]);
    const before = await session.conversation.messages();
    await session.applyHistoryMutations({ mutations: [replaceCall('1')] });
    const after = await session.conversation.messages();
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    const [first] = await session.getItems();
    expect(Buffer.isBuffer(first?.providerData?.['buffer'])).toBe(true);
  });

  test('takes its arguments as they are when it is called', async () => {
    const session = newSession();
    await session.addItems([call('1', 'old')]);
    const replacement = call('1', 'new');
    const mutations = [replaceCall('1', replacement)];
    const applied = session.applyHistoryMutations({ mutations });
    mutations.push(replaceCall('1', call('1', 'late')));
    replacement.arguments = 'changed';
    await applied;
    expect(await session.getItems()).toEqual([stored('1', 'new')]);
  });

  test('is all or nothing', async () => {
    const session = newSession();
    await session.addItems(history);
    const before = await session.conversation.read();
    const bad = { ...call('2', 'new'), providerData: { number: NaN } };
    const mutations = [replaceCall('1'), replaceCall('2', bad)];
    expect(await failureOf(session.applyHistoryMutations({ mutations }))).toMatchObject({
      code: 'unstorable_value',
    });
    expect(await session.conversation.read()).toEqual(before);
  });

  test('loses nothing of what others do at the same time', async () => {
    const sessionId = newSessionId();
    const callIds = Array.from({ length: 10 }, (_, index) => `call ${index}`);
    await newSession(sessionId).addItems(callIds.map((callId) => call(callId, 'old')));
    await Promise.all(
      callIds.flatMap((callId) => [
        newSession(sessionId).applyHistoryMutations({ mutations: [replaceCall(callId)] }),
        newSession(sessionId).addItems([user(`beside ${callId}`), user(`and ${callId}`)]),
      ]),
    );
    const items = await newSession(sessionId).getItems();
    expect(items.slice(0, 10)).toEqual(callIds.map((callId) => stored(callId, 'new')));
    const added = items.slice(10).map((item) => JSON.stringify(item));
    const expected = callIds.flatMap((callId) => [user(`beside ${callId}`), user(`and ${callId}`)]);
    expect(added.toSorted()).toEqual(expected.map((item) => JSON.stringify(item)).toSorted());
  });
});
