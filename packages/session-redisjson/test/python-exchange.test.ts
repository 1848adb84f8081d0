import { Conversation, type Message, type NewMessage } from '@agent-sessions/session-core';
import { JSONSession } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { providePython } from '../../../tools/python.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { type PythonSessions, startPythonSessions } from './python-sessions.ts';
import { useTestRedis } from './redis-for-tests.ts';

const provided = await providePython();
const testWithPython = testUnless(provided.reason && `no Python to be had: ${provided.reason}`);

// Jest does not list the names of skipped tests when it runs many files.
if (provided.reason !== undefined) console.warn(`No Python to be had: ${provided.reason}`);

const texts = {
  emoji: 'Grüße 👩‍👩‍👧‍👦 – 你好 – \u{1F600}',
  quotes: `"double", 'single', \\ back, {"json": [1, "two"]}, $.messages[?(@.role=="user")]`,
  lines: 'one\ntwo\r\n\tthree \u0000 \u001f \u2028 \u007f',
};

describe('Both languages, one document', () => {
  const redis = useTestRedis();
  let python: PythonSessions;

  beforeAll(() => {
    if (provided.path !== undefined) python = startPythonSessions(provided.path);
  });
  afterAll(() => python?.close());

  const openInPython = (session_id: string, ttl?: number) =>
    python.open({ session_id, user_id: 'ada', redis_url: redis.url, ...(ttl && { ttl }) });
  const loadInPython = async (session_id: string) =>
    (await python.load({ session_id, redis_url: redis.url })).call;
  const loadHere = async (sessionId: string) =>
    redis.closeAtEnd(await JSONSession.load(sessionId, redis.url));
  const openHere = (sessionId: string, ttl?: number) =>
    redis.closeAtEnd(new JSONSession({ sessionId, userId: 'ada', redisUrl: redis.url, ttl }));
  const conversation = (sessionId: string) => new Conversation({ store: redis.store, sessionId });

  /** A session that Python wrote, with a message of every kind it knows. */
  async function writeInPython() {
    const sessionId = redis.newSessionId();
    const call = await openInPython(sessionId);
    await call('create');
    await call('add_message', { role: 'system', content: 'Be brief.' });
    await call('add_message', { role: 'user', content: texts.emoji, tokens: 7 });
    await call('track_agent', { agent_name: 'Triage "1"' });
    await call('add_message', {
      role: 'assistant',
      content: texts.quotes,
      agent: 'Triage "1"',
      tokens: 12,
    });
    await call('add_message', { role: 'user', content: texts.lines, tokens: 0 });
    return { sessionId, call };
  }
  const written = [
    { role: 'system', content: 'Be brief.', agent: null, tokens: null },
    { role: 'user', content: texts.emoji, agent: null, tokens: 7 },
    { role: 'assistant', content: texts.quotes, agent: 'Triage "1"', tokens: 12 },
    { role: 'user', content: texts.lines, agent: null, tokens: 0 },
  ];

  describe('A session of Python', () => {
    // Also where there is no Python: what it had written elsewhere, digit by digit.
    test('that was copied from elsewhere is read and extended here', async () => {
      const sessionId = redis.newSessionId();
      const document = `{"session_id":${JSON.stringify(sessionId)},"user_id":"ada","created_at":1795471203.1234567,"updated_at":1795471204.7654321,"metadata":{"current_agent":"Triage","agents_used":["Triage"],"message_count":1,"total_tokens":7},"messages":[{"id":"8d5f0c1b2a3e4f60","role":"user","content":"Gr\\u00fc\\u00dfe \\ud83d\\ude00","timestamp":1795471204.7654321,"agent":null,"tokens":7}],"handoff_context":null}`;
      await redis.command('JSON.SET', `session:${sessionId}`, '$', document);
      const session = await loadHere(sessionId);
      await session.addMessage('assistant', 'Hi');
      expect(await session.getMessages()).toMatchObject([
        { id: '8d5f0c1b2a3e4f60', content: 'Grüße 😀', timestampMs: 1_795_471_204_765, tokens: 7 },
        { content: 'Hi' },
      ]);
      expect(await session.getMetadata()).toMatchObject({
        userId: 'ada',
        createdAtMs: 1_795_471_203_123,
        currentAgent: 'Triage',
        messageCount: 2,
        totalTokens: 7,
      });
    });

    testWithPython('is loaded and read here', async () => {
      const { sessionId, call } = await writeInPython();
      const session = await loadHere(sessionId);
      expect(session.userId).toBe('ada');
      expect(await session.getMessages()).toEqual(
        asMessages(await call('get_messages')).map((message, index) => ({
          ...message,
          ...written[index],
        })),
      );
      expect(await session.getMessages({ limit: 2 })).toMatchObject(written.slice(2));
      expect(await session.getMessages({ role: 'user' })).toMatchObject([written[1], written[3]]);
      expect(await session.getMessages({ role: 'user', limit: 1 })).toMatchObject([written[3]]);
      expect(await session.toAgentInputs()).toEqual(await call('to_agent_inputs'));

      const metadata = await session.getMetadata();
      expect(metadata).toMatchObject({
        sessionId,
        userId: 'ada',
        currentAgent: 'Triage "1"',
        agentsUsed: ['Triage "1"'],
        messageCount: 4,
        totalTokens: 19,
        ttlMs: null,
      });
      const seconds = (name: string) => call('get_metadata').then((found) => member(found, name));
      expect((metadata?.createdAtMs ?? 0) / 1000).toBeCloseTo(await seconds('created_at'), 3);
      expect((metadata?.updatedAtMs ?? 0) / 1000).toBeCloseTo(await seconds('updated_at'), 3);
    });

    testWithPython('is listed here', async () => {
      const { sessionId } = await writeInPython();
      const listed = [];
      for await (const id of redis.store.list()) listed.push(id);
      expect(listed).toContain(sessionId);
    });

    testWithPython('is extended here, and Python reads what was added', async () => {
      const { sessionId, call } = await writeInPython();
      const session = await loadHere(sessionId);
      await session.addMessage('assistant', texts.emoji, 'Écrivain', 5);
      const change = { append: [{ role: 'user', content: texts.quotes, tokens: 2 }] } as const;
      await redis.store.commit(sessionId, { operationId: 'once', ...change });
      await redis.store.commit(sessionId, { operationId: 'once', ...change });
      await session.trackAgent('Écrivain');
      await session.trackAgent('Triage "1"');

      const inputs = [
        ...written.map(({ role, content }) => ({ role, content })),
        { role: 'assistant', content: texts.emoji },
        { role: 'user', content: texts.quotes },
      ];
      expect(await call('to_agent_inputs')).toEqual(inputs);
      expect(await call('get_messages')).toMatchObject(inputs);
      expect(await call('get_messages', { limit: 3 })).toMatchObject(inputs.slice(3));
      expect(await call('get_messages', { role: 'assistant' })).toMatchObject([
        written[2],
        { role: 'assistant', content: texts.emoji, agent: 'Écrivain', tokens: 5 },
      ]);
      expect(await call('get_metadata')).toMatchObject({
        session_id: sessionId,
        user_id: 'ada',
        current_agent: 'Triage "1"',
        agents_used: ['Triage "1"', 'Écrivain'],
        message_count: 6,
        total_tokens: 26,
      });
    });

    testWithPython('loses its last message or all of them here, and Python sees it', async () => {
      const { sessionId, call } = await writeInPython();
      const popped = await conversation(sessionId).pop();
      expect(popped).toMatchObject({ role: 'user', content: texts.lines });
      expect(await call('get_messages')).toMatchObject(written.slice(0, 3));
      expect(await call('get_metadata')).toMatchObject({ message_count: 3, total_tokens: 19 });

      await (await loadHere(sessionId)).clear();
      expect(await call('get_messages')).toEqual([]);
      expect(await call('get_messages', { limit: 2 })).toEqual([]);
      expect(await call('get_messages', { role: 'user' })).toEqual([]);
      expect(await call('to_agent_inputs')).toEqual([]);
      expect(await call('get_metadata')).toMatchObject({ message_count: 0, total_tokens: 0 });
    });

    testWithPython('is deleted here, and gone there', async () => {
      const { sessionId, call } = await writeInPython();
      expect(await (await loadHere(sessionId)).delete()).toBe(true);
      expect(await call('get_metadata')).toEqual({});
      expect(await call('get_messages')).toEqual([]);
    });

    testWithPython('has the same mark before and after its first commit here', async () => {
      const { sessionId } = await writeInPython();
      // A moment that lies exactly between two microseconds, as one in some ten thousand does.
      const key = `session:${sessionId}`;
      await redis.command('JSON.SET', key, '$.created_at', '1732400000.0078125');
      const { mark } = await redis.store.read(sessionId);
      const append = [{ role: 'user', content: 'More' }] as const;
      const committed = await redis.store.commit(sessionId, {
        operationId: 'first',
        append,
        expect: mark,
      });
      expect(committed.mark).toMatchObject({ epoch: mark?.epoch, generation: 0, length: 5 });
      const again = await redis.store.commit(sessionId, { operationId: 'first', append });
      expect(again).toMatchObject({ repeated: true, mark: { epoch: mark?.epoch, length: 5 } });
    });
  });

  describe('A session of ours', () => {
    testWithPython('is loaded and read by Python', async () => {
      const sessionId = redis.newSessionId();
      const session = openHere(sessionId);
      await session.create();
      await session.addMessage('system', 'Be brief.');
      await session.addMessage('user', texts.emoji, { tokens: 7 });
      await session.addMessage({ role: 'assistant', content: texts.quotes, agent: 'A', tokens: 1 });
      await session.addMessage('user', texts.lines);
      await session.trackAgent('A');

      const { user, call } = await python.load({ session_id: sessionId, redis_url: redis.url });
      expect(user).toBe('ada');
      const here = await session.getMessages();
      expect(await call('get_messages')).toEqual(here.map(asPythonMessage));
      expect(await call('get_messages', { limit: 3 })).toEqual(here.slice(1).map(asPythonMessage));
      expect(await call('get_messages', { role: 'user' })).toEqual(
        (await session.getMessages({ role: 'user' })).map(asPythonMessage),
      );
      expect(await call('to_agent_inputs')).toEqual(await session.toAgentInputs());
      const metadata = await session.getMetadata();
      expect(await call('get_metadata')).toEqual({
        session_id: sessionId,
        user_id: 'ada',
        created_at: (metadata?.createdAtMs ?? 0) / 1000,
        updated_at: (metadata?.updatedAtMs ?? 0) / 1000,
        current_agent: 'A',
        agents_used: ['A'],
        message_count: 4,
        total_tokens: 8,
      });
    });

    testWithPython('that is empty, or was begun by a commit, is read by Python', async () => {
      const empty = redis.newSessionId();
      await redis.store.create(empty);
      const call = await loadInPython(empty);
      expect(await call('get_messages')).toEqual([]);
      expect(await call('get_metadata')).toMatchObject({ user_id: null, message_count: 0 });

      const begun = redis.newSessionId();
      await conversation(begun).append([{ role: 'user', content: 'Hello' }]);
      const inputs = await (await loadInPython(begun))('to_agent_inputs');
      expect(inputs).toEqual([{ role: 'user', content: 'Hello' }]);
    });

    testWithPython('holds items of the SDK, and Python reads them, too', async () => {
      const sessionId = redis.newSessionId();
      await conversation(sessionId).append(sdkMessages);
      const call = await loadInPython(sessionId);

      expect(await call('to_agent_inputs')).toEqual(sdkInputs);
      expect(await call('get_messages')).toMatchObject(sdkInputs);
      expect(await call('get_messages', { limit: 4 })).toMatchObject(sdkInputs.slice(-4));
      for (const role of ['user', 'assistant', 'tool']) {
        expect(await call('get_messages', { role })).toMatchObject(
          sdkInputs.filter((input) => input.role === role),
        );
      }
      expect(await call('get_metadata')).toMatchObject({ message_count: sdkMessages.length });
    });

    testWithPython('grows in Python, and is read here whole and since a mark', async () => {
      const sessionId = redis.newSessionId();
      await conversation(sessionId).append(sdkMessages);
      const before = await redis.store.read(sessionId);
      const call = await loadInPython(sessionId);
      await call('add_message', { role: 'user', content: texts.emoji, tokens: 3 });
      await call('add_message', { role: 'assistant', content: texts.lines, agent: 'P', tokens: 4 });

      const after = await redis.store.read(sessionId);
      const added = [
        { role: 'user', content: texts.emoji, agent: null, tokens: 3 },
        { role: 'assistant', content: texts.lines, agent: 'P', tokens: 4 },
      ];
      expect(after.messages.slice(0, -2)).toEqual(before.messages);
      expect(after.messages.map(({ item }) => item)).toEqual([
        ...sdkMessages.map(({ item }) => item),
        undefined,
        undefined,
      ]);
      expect(after.messages.slice(-2)).toMatchObject(added);
      expect(await redis.store.metadata(sessionId)).toMatchObject({
        messageCount: sdkMessages.length + 2,
        totalTokens: 7,
      });
      expect(await redis.store.read(sessionId, sinceMarkOf(before))).toEqual({
        messages: after.messages.slice(-2),
        mark: after.mark,
        continues: true,
        first: after.messages.length - 2,
        skipped: [],
      });
      expect(await redis.store.read(sessionId, sinceMarkOf(after))).toMatchObject({
        messages: [],
        continues: true,
      });
    });

    testWithPython('has agents that both languages tracked', async () => {
      const sessionId = redis.newSessionId();
      const session = openHere(sessionId);
      await session.trackAgent('Ours');
      const call = await loadInPython(sessionId);
      await call('track_agent', { agent_name: 'Theirs' });
      await call('track_agent', { agent_name: 'Ours' });
      expect(await session.getMetadata()).toMatchObject({
        currentAgent: 'Ours',
        agentsUsed: ['Ours', 'Theirs'],
      });
    });
  });

  describe('A mark taken here', () => {
    const old = ['one', 'two', 'three'].map((content) => ({ role: 'user', content }) as const);
    const renewed = ['I', 'II', 'III', 'IV', 'V'];

    /** Python knows nothing of generations: it empties the array, and fills it again. */
    async function clearAndFillInPython(sessionId: string, contents: readonly string[]) {
      const call = await loadInPython(sessionId);
      await call('clear');
      for (const content of contents) await call('add_message', { role: 'user', content });
    }

    const marks = {
      'a read': async (sessionId: string) => (await redis.store.read(sessionId)).mark,
      'a read of none': async (sessionId: string) =>
        (await redis.store.read(sessionId, { last: 0 })).mark,
      'a read by role': async (sessionId: string) =>
        (await redis.store.read(sessionId, { role: 'user' })).mark,
      'an append': async (sessionId: string) => (await conversation(sessionId).append(old)).mark,
      'a pop': async (sessionId: string) => {
        const change = { operationId: 'pop', drop: 1 };
        return (await redis.store.commit(sessionId, change)).mark;
      },
      'a repeated commit': async (sessionId: string) => {
        const change = { operationId: 'twice', append: old };
        await redis.store.commit(sessionId, change);
        return (await redis.store.commit(sessionId, change)).mark;
      },
      'a creation that found it': async (sessionId: string) =>
        (await redis.store.create(sessionId)).mark,
    };

    for (const [source, take] of Object.entries(marks)) {
      testWithPython(
        `by ${source} is not continued by what Python cleared and filled`,
        async () => {
          const sessionId = redis.newSessionId();
          await conversation(sessionId).append(old);
          const mark = await take(sessionId);
          if (mark === null) throw new Error('The session is gone.');
          // More than there were, so that the length alone says nothing.
          await clearAndFillInPython(sessionId, [...renewed, ...renewed]);
          const { messages, continues } = await redis.store.read(sessionId, { since: mark });
          expect(messages.map(({ content }) => content)).toEqual([...renewed, ...renewed]);
          expect(continues).toBe(false);
        },
      );
    }

    testWithPython('is not continued where Python left fewer messages', async () => {
      const sessionId = redis.newSessionId();
      const { mark } = await conversation(sessionId).append(old);
      await clearAndFillInPython(sessionId, ['I']);
      const read = await redis.store.read(sessionId, sinceMarkOf({ mark }));
      expect(read).toMatchObject({ messages: [{ content: 'I' }], continues: false });
      await (
        await loadInPython(sessionId)
      )('clear');
      const empty = await redis.store.read(sessionId, sinceMarkOf({ mark }));
      expect(empty).toMatchObject({ messages: [], continues: false });
    });

    testWithPython('is a conflict for a commit once Python has added a message', async () => {
      const sessionId = redis.newSessionId();
      await conversation(sessionId).append(old);
      const { mark } = await redis.store.read(sessionId);
      await (
        await loadInPython(sessionId)
      )('add_message', { role: 'user', content: 'four' });
      await expect(conversation(sessionId).append(old, { expect: mark })).rejects.toMatchObject({
        code: 'conflict',
      });
      expect(await redis.store.metadata(sessionId)).toMatchObject({ messageCount: 4 });
    });

    testWithPython('is a conflict, too, where Python cleared and left as many', async () => {
      const sessionId = redis.newSessionId();
      const { mark } = await conversation(sessionId).append(old);
      await clearAndFillInPython(sessionId, ['I', 'II', 'III']);
      await expect(conversation(sessionId).append(old, { expect: mark })).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    testWithPython('names nothing any more once Python has created the session anew', async () => {
      const sessionId = redis.newSessionId();
      const { mark } = await conversation(sessionId).append(old);
      const call = await openInPython(sessionId);
      await call('create');
      for (const content of renewed) await call('add_message', { role: 'user', content });
      await expect(conversation(sessionId).append(old, { expect: mark })).rejects.toMatchObject({
        code: 'session_not_found',
      });
      const read = await redis.store.read(sessionId, sinceMarkOf({ mark }));
      expect(read.messages.map(({ content }) => content)).toEqual(renewed);
      expect(read.continues).toBe(false);
    });
  });

  describe('An expiry', () => {
    const ttlOf = async (sessionId: string) =>
      Number(await redis.command('PTTL', `session:${sessionId}`));

    testWithPython('that Python has set stays when the session is extended here', async () => {
      const sessionId = redis.newSessionId();
      const call = await openInPython(sessionId, 3600);
      await call('create');
      await call('add_message', { role: 'user', content: 'Hello' });
      const session = await loadHere(sessionId);
      await session.addMessage('assistant', 'Hi');
      await session.trackAgent('A');
      await conversation(sessionId).pop();
      await session.clear();
      expect(await ttlOf(sessionId)).toBeGreaterThan(3_500_000);
      expect(await ttlOf(sessionId)).toBeLessThanOrEqual(3_600_000);
      // What is written here does not take away what Python sets with every message.
      await call('add_message', { role: 'user', content: 'Still there?' });
      expect(await ttlOf(sessionId)).toBeGreaterThan(3_500_000);
    });

    testWithPython('that was set here stays when Python adds, clears and tracks', async () => {
      const sessionId = redis.newSessionId();
      const session = openHere(sessionId, 7200);
      await session.create();
      const call = await loadInPython(sessionId);
      await call('add_message', { role: 'user', content: 'Hello' });
      await call('track_agent', { agent_name: 'A' });
      await call('clear');
      expect(await ttlOf(sessionId)).toBeGreaterThan(7_100_000);
      expect(await session.getMetadata()).toMatchObject({ ttlMs: 7_200_000 });
    });
  });
});

/** Nested deeper than RedisJSON can: 150 objects in each other. */
const deep: unknown = JSON.parse(`${'{"in":'.repeat(150)}1${'}'.repeat(150)}`);

/** As the Agents SDK makes them, and in the end with what RedisJSON cannot carry exactly. */
const sdkMessages: readonly NewMessage[] = [
  { role: 'user', item: { type: 'message', role: 'user', content: texts.quotes } },
  {
    role: 'assistant',
    item: {
      type: 'reasoning',
      id: 'rs_1',
      content: [{ type: 'input_text', text: texts.emoji }],
      providerData: { encrypted_content: null },
    },
  },
  {
    role: 'assistant',
    item: {
      type: 'function_call',
      callId: 'call_1',
      name: 'look_up',
      status: 'completed',
      arguments: '{"city":"Köln"}',
    },
  },
  {
    role: 'tool',
    item: {
      type: 'function_call_result',
      callId: 'call_1',
      name: 'look_up',
      status: 'completed',
      output: { type: 'text', text: texts.lines },
    },
  },
  {
    role: 'assistant',
    item: {
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: texts.emoji, providerData: {} }],
    },
  },
  { role: 'user', item: { type: 'message', role: 'user', content: 'half \ud83d a pair' } },
  {
    role: 'tool',
    item: {
      type: 'function_call_result',
      callId: 'call_2',
      output: { planck: 6.86e-21, zero: -0 },
    },
  },
  { role: 'assistant', item: { type: 'function_call', callId: 'call_3', providerData: { deep } } },
];

/** What Python gives a model of these: text kept exactly is not native, and empty there. */
const sdkInputs = [
  { role: 'user', content: texts.quotes },
  { role: 'assistant', content: [{ type: 'input_text', text: texts.emoji }] },
  { role: 'assistant', content: '' },
  { role: 'tool', content: '' },
  {
    role: 'assistant',
    content: [{ type: 'output_text', text: texts.emoji, providerData: {} }],
  },
  { role: 'user', content: '' },
  { role: 'tool', content: '' },
  { role: 'assistant', content: '' },
];

/** A message of ours as it is a dictionary in Python. */
function asPythonMessage({ id, role, content, timestampMs, agent, tokens }: Message) {
  return { id, role, content, timestamp: timestampMs / 1000, agent, tokens };
}

/** Dictionaries of Python as messages of ours, with their ids and times. */
function asMessages(dictionaries: unknown) {
  if (!Array.isArray(dictionaries)) throw new TypeError('Python answered no list of messages.');
  return dictionaries.map((each: unknown) => ({
    id: String(memberOf(each, 'id')),
    timestampMs: Math.round(member(each, 'timestamp') * 1000),
  }));
}

function member(dictionary: unknown, name: string): number {
  return Number(memberOf(dictionary, name));
}

function memberOf(dictionary: unknown, name: string): unknown {
  if (typeof dictionary === 'object' && dictionary !== null) return Reflect.get(dictionary, name);
  throw new TypeError('Python answered no dictionary.');
}

function sinceMarkOf({ mark }: Pick<Awaited<ReturnType<Conversation['read']>>, 'mark'>) {
  if (mark === null) throw new Error('The session is gone.');
  return { since: mark };
}
