import { Conversation } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';

import { useTestRedis } from './redis-for-tests.ts';

// The stored form is public API: other programs, in other languages, read these documents. What
// stands here is also in the README, and changes only with `agent_sessions.schema_version`.

const redis = useTestRedis();

const seconds = expect.any(Number);
const messageId = expect.stringMatching(/^[0-9a-f]{16}$/);
const epoch = expect.stringMatching(/^[0-9a-f-]{36}$/);
/** 22 characters of the SHA-256 of the operation id in base64url, so that the path is ours. */
const operation = {
  one: 'dpLDrTVAu4A8Ags67mbNiI',
  two: 'P8TM_nRYcOLA2Z9x8w_wZW',
  three: 'i1udsME9skJWyCmqNkqpDG',
};
/** Stands for the id of a message in a record. */
const lastId = '<id>';

describe('The key', () => {
  test('is "session:" and the session id, or begins with a prefix of your own', async () => {
    const sessionId = redis.newSessionId();
    await redis.store.create(sessionId);
    expect(await redis.document(`session:${sessionId}`)).toMatchObject({ session_id: sessionId });

    const keyPrefix = redis.newKeyPrefix();
    await new RedisJsonSessionStore(redis.client, { keyPrefix }).create('mine');
    expect(await redis.document(`${keyPrefix}mine`)).toMatchObject({ session_id: 'mine' });
  });

  test('is the only one that a session has', async () => {
    const keyPrefix = redis.newKeyPrefix();
    const store = new RedisJsonSessionStore(redis.client, { keyPrefix });
    const conversation = new Conversation({ store, sessionId: 'mine', ttlMs: 60_000 });
    await conversation.append([{ role: 'user', content: 'Hello' }]);
    await conversation.pop();
    const keys = [];
    for await (const key of redis.client.scanIterator({ MATCH: `${keyPrefix}*`, COUNT: 1000 })) {
      keys.push(key);
    }
    expect(keys).toEqual([`${keyPrefix}mine`]);
    expect(await redis.command('TYPE', `${keyPrefix}mine`)).toBe('ReJSON-RL');
  });
});

describe('The document', () => {
  test('of a session that was created', async () => {
    const { conversation, sessionId, document } = newSession({ userId: 'ada', ttlMs: 60_000 });
    await conversation.create();
    expect(await document()).toEqual({
      // As the Python class has it:
      session_id: sessionId,
      user_id: 'ada',
      created_at: seconds,
      updated_at: seconds,
      metadata: { current_agent: null, agents_used: [], message_count: 0, total_tokens: 0 },
      messages: [],
      handoff_context: null,
      // Ours:
      agent_sessions: { schema_version: 1, epoch, revision: 1, generation: 0, ttl_ms: 60_000 },
      agent_sessions_operations: {},
    });
  });

  test('has its members in this order', async () => {
    const { conversation, sessionId } = newSession();
    await conversation.create();
    expect(await redis.command('JSON.OBJKEYS', `session:${sessionId}`)).toEqual([
      'session_id',
      'user_id',
      'created_at',
      'updated_at',
      'metadata',
      'messages',
      'handoff_context',
      'agent_sessions',
      'agent_sessions_operations',
    ]);
  });

  test('of a session with plain messages, begun by its first commit', async () => {
    const { conversation, sessionId, document } = newSession();
    await conversation.commit(
      {
        append: [
          { role: 'user', content: 'How warm is it?', tokens: 5, timestampMs: 1_732_400_000_123 },
          { role: 'assistant', content: [{ text: '21 °C' }], agent: 'Weather', id: 'm2' },
        ],
        agent: 'Weather',
      },
      { operationId: 'one' },
    );
    expect(await document()).toEqual({
      session_id: sessionId,
      user_id: null,
      created_at: seconds,
      updated_at: seconds,
      metadata: {
        current_agent: 'Weather',
        agents_used: ['Weather'],
        message_count: 2,
        total_tokens: 5,
      },
      messages: [
        {
          id: messageId,
          role: 'user',
          content: 'How warm is it?',
          timestamp: 1_732_400_000.123,
          agent: null,
          tokens: 5,
        },
        {
          id: 'm2',
          role: 'assistant',
          content: [{ text: '21 °C' }],
          timestamp: seconds,
          agent: 'Weather',
          tokens: null,
        },
      ],
      handoff_context: null,
      agent_sessions: { schema_version: 1, epoch, revision: 1, generation: 0, ttl_ms: 0 },
      agent_sessions_operations: { '0': { [operation.one]: record('1 0 2 0 m2') } },
    });
  });

  test('after messages were added, dropped and cleared, and an agent was tracked', async () => {
    const { conversation, document } = newSession({ ttlMs: 60_000 });
    const append = ['one', 'two', 'three'].map(
      (content) => ({ role: 'user', content, tokens: 2 }) as const,
    );
    await conversation.append(append, { operationId: 'one' });

    await conversation.pop({ operationId: 'two' });
    expect(await document()).toMatchObject({
      metadata: { current_agent: null, agents_used: [], message_count: 2, total_tokens: 4 },
      messages: [{ content: 'one' }, { content: 'two' }],
      // The generation is the revision of the last change that was not growth.
      agent_sessions: { revision: 2, generation: 2 },
      agent_sessions_operations: {
        '0': {
          [operation.one]: record(`1 0 3 0 ${lastId}`),
          [operation.two]: record(`2 2 2 1 ${lastId}`),
        },
      },
      // What was dropped is answered again when the pop is repeated.
      agent_sessions_dropped: [
        {
          operation: operation.two,
          messages: expect.stringMatching(
            /^\[\{"id":"[0-9a-f]{16}","role":"user","content":"three",/,
          ),
        },
      ],
    });

    await conversation.trackAgent('Triage', { operationId: 'three' });
    await conversation.trackAgent('Weather');
    await conversation.trackAgent('Triage');
    await conversation.clear();
    expect(await document()).toMatchObject({
      metadata: {
        current_agent: 'Triage',
        agents_used: ['Triage', 'Weather'],
        message_count: 0,
        total_tokens: 0,
      },
      messages: [],
      agent_sessions: { revision: 6, generation: 6, ttl_ms: 60_000 },
    });
    expect(await document()).toHaveProperty(
      ['agent_sessions_operations', '0', operation.three],
      record(`3 2 2 0 ${lastId}`),
    );
  });

  test('with named values: natively where RedisJSON keeps them, and their revisions beside', async () => {
    const { conversation, document } = newSession();
    await conversation.append([]);
    await conversation.setState({ title: 'Weather', tags: [{ name: 'a', no: null }], odd: -0 });
    expect(await document()).toMatchObject({
      state: { title: 'Weather', tags: [{ name: 'a', no: null }] },
      state_exact: { odd: '-0' },
      state_revisions: { title: 2, tags: 2, odd: 2 },
    });
    await conversation.setState({ title: -0, odd: 1, tags: null });
    expect(await document()).toHaveProperty('state', { odd: 1 });
    expect(await document()).toHaveProperty('state_exact', { title: '-0' });
    expect(await document()).toHaveProperty('state_revisions', { title: 3, odd: 3 });
  });

  test('with usage', async () => {
    const { conversation, document } = newSession();
    await conversation.commit({ append: [], usage: { requests: 1, inputTokens: 20 } });
    await conversation.commit({ usage: { requests: 1, cachedInputTokens: 5 } });
    expect(await document()).toHaveProperty('usage', {
      requests: 2,
      input_tokens: 20,
      cached_input_tokens: 5,
    });
  });

  test('of a session that Python wrote, after its first commit here', async () => {
    const { conversation, sessionId, document } = newSession();
    const before = {
      session_id: sessionId,
      user_id: 'ada',
      created_at: 1_732_400_000.25,
      updated_at: 1_732_400_001.5,
      metadata: { current_agent: null, agents_used: [], message_count: 0, total_tokens: 0 },
      messages: [],
      handoff_context: { from: 'Triage' },
    };
    await redis.command('JSON.SET', `session:${sessionId}`, '$', JSON.stringify(before));
    await conversation.append([], { operationId: 'one' });
    expect(await document()).toEqual({
      ...before,
      updated_at: seconds,
      agent_sessions: {
        schema_version: 1,
        // The microsecond of its creation: known before the first commit, too.
        epoch: '1732400000250000',
        revision: 1,
        generation: 0,
        ttl_ms: 0,
      },
      agent_sessions_operations: { '0': { [operation.one]: record('1 0 0 0 ') } },
    });
  });

  test('keeps what an application has put beside it', async () => {
    const { conversation, sessionId, document } = newSession();
    await conversation.create();
    const key = `session:${sessionId}`;
    await redis.command('JSON.SET', key, '$.state', '{"cart":["apple"]}');
    await redis.command('JSON.SET', key, '$.metadata.channel', '"web"');
    await conversation.append([{ role: 'user', content: 'Hello' }]);
    await conversation.clear();
    expect(await document()).toMatchObject({
      state: { cart: ['apple'] },
      metadata: { channel: 'web' },
    });
  });
});

describe('A message', () => {
  test('with an item of the SDK: null keeps the place of its role and its content', async () => {
    const item = {
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'It is 21 °C.' }],
      providerData: { id: 'msg_1' },
    };
    expect(await stored({ role: 'assistant', item, agent: 'Weather', tokens: 9 })).toEqual({
      id: messageId,
      role: 'assistant',
      content: [{ type: 'output_text', text: 'It is 21 °C.' }],
      timestamp: seconds,
      agent: 'Weather',
      tokens: 9,
      item: {
        type: 'message',
        role: null,
        status: 'completed',
        content: null,
        providerData: { id: 'msg_1' },
      },
    });
  });

  test('with an item that has neither: it is whole, and the content is empty', async () => {
    const item = { type: 'function_call', callId: 'call_1', name: 'look_up', arguments: '{}' };
    expect(await stored({ role: 'assistant', item })).toEqual({
      id: messageId,
      role: 'assistant',
      content: '',
      timestamp: seconds,
      agent: null,
      tokens: null,
      item,
    });
  });

  test('with a role or a content of its own beside the item: the item keeps its own', async () => {
    const item = { type: 'message', role: 'user', content: 'Hello' };
    expect(await stored({ role: 'developer', content: 'Hallo', item })).toMatchObject({
      role: 'developer',
      content: 'Hallo',
      item,
    });
  });

  test('that RedisJSON cannot carry exactly: it is kept as text, beside its role', async () => {
    const content = 'half \ud83d a pair';
    expect(await stored({ role: 'user', content, agent: 'Weather', tokens: 9 })).toEqual({
      id: messageId,
      role: 'user',
      content: '',
      timestamp: seconds,
      agent: 'Weather',
      tokens: 9,
      exact: '{"content":"half \\ud83d a pair"}',
    });
  });

  test('with an item that RedisJSON cannot carry exactly: both are in the text', async () => {
    const item = { type: 'message', role: 'tool', content: 'ok', output: [6.86e-21, -0] };
    expect(await stored({ role: 'tool', item })).toEqual({
      id: messageId,
      role: 'tool',
      content: '',
      timestamp: seconds,
      agent: null,
      tokens: null,
      exact:
        '{"content":"ok","item":{"type":"message","role":"tool","content":"ok","output":[6.86e-21,-0]}}',
    });
  });

  test.each(['"', '\\', 'a\n', '\ud83d'])('is text, too, with the key %j in it', async (key) => {
    const exact = JSON.stringify({ content: { [key]: 1 } });
    expect(await stored({ role: 'user', content: { [key]: 1 } })).toMatchObject({ exact });
  });

  test('is text, too, where a null of the item would be taken for a placeholder', async () => {
    const item = { type: 'reasoning', content: null };
    expect(await stored({ role: 'assistant', item })).toMatchObject({
      exact: '{"content":"","item":{"type":"reasoning","content":null}}',
    });
  });

  test('is found by JSONPath, whoever wrote it and whatever stands in it', async () => {
    const { conversation, sessionId } = newSession();
    await conversation.append([
      { role: 'user', content: 'plain' },
      { role: 'user', item: { role: 'user', content: 'of the SDK' } },
      { role: 'assistant', content: 'no' },
    ]);
    const path = '$.messages[?(@.role=="user")].content';
    const found = await redis.command('JSON.GET', `session:${sessionId}`, path);
    expect(JSON.parse(String(found))).toEqual(['plain', 'of the SDK']);
  });
});

describe('The operations', () => {
  test('are remembered in five objects that take turns, 250 commits each', async () => {
    const { conversation, document, sessionId } = newSession();
    await conversation.create();
    const key = `session:${sessionId}`;
    const atRevision = async (revision: number, operationId: string) => {
      await redis.command('JSON.SET', key, '$.agent_sessions.revision', String(revision - 1));
      await conversation.append([], { operationId });
    };
    await atRevision(249, 'one');
    await atRevision(250, 'two');
    expect(await document()).toHaveProperty('agent_sessions_operations', {
      '0': { [operation.one]: record('249 0 0 0 ') },
      '1': { [operation.two]: record('250 0 0 0 ') },
    });
    // The turn of 0 again: it is emptied first, and those of the last 1,000 commits are there.
    await atRevision(1250, 'three');
    expect(await document()).toHaveProperty('agent_sessions_operations', {
      '0': { [operation.three]: record('1250 0 0 0 ') },
      '1': { [operation.two]: record('250 0 0 0 ') },
    });
  });

  test('A9 what they dropped is remembered of the last 8 that answered something', async () => {
    const { conversation, sessionId, document } = newSession();
    const names = Array.from({ length: 12 }, (_, index) => `message ${index}`);
    await conversation.append(names.map((content) => ({ role: 'user', content })));
    for (let pops = 1; pops <= 9; pops += 1) await conversation.pop({ operationId: `${pops}` });
    await conversation.append([]);
    await conversation.commit({ drop: 1 });
    expect(JSON.stringify(await document())).not.toContain('message 11');
    expect(
      await redis.command('JSON.ARRLEN', `session:${sessionId}`, '$.agent_sessions_dropped'),
    ).toEqual([8]);
    await expect(conversation.pop({ operationId: '1' })).rejects.toMatchObject({
      code: 'answer_forgotten',
      outcome: 'not_applied',
    });
    expect(await conversation.pop({ operationId: '2' })).toMatchObject({ content: 'message 10' });
    expect(await conversation.pop({ operationId: '9' })).toMatchObject({ content: 'message 3' });
    expect(await conversation.messages()).toHaveLength(2);

    // What is large takes the place of all.
    await conversation.append([{ role: 'user', content: 'x'.repeat(131_072) }]);
    await conversation.pop({ operationId: 'large' });
    expect(
      await redis.command('JSON.ARRLEN', `session:${sessionId}`, '$.agent_sessions_dropped'),
    ).toEqual([1]);
    expect(await conversation.pop({ operationId: 'large' })).toMatchObject({ role: 'user' });
  });

  test('are forgotten where a commit says so, and that commit is remembered', async () => {
    const { conversation, document } = newSession();
    await conversation.append([{ role: 'user', content: 'secret' }], { operationId: 'one' });
    await conversation.pop();
    await conversation.commit({ drop: 'all', forgetOperations: true }, { operationId: 'two' });
    expect(await document()).not.toHaveProperty('agent_sessions_dropped');
    expect(await document()).toHaveProperty('agent_sessions_operations', {
      '0': { [operation.two]: record('3 2 0 0 ') },
    });
  });
});

describe('The expiry of the key', () => {
  test('is the TTL from the last write on, and kept in ttl_ms', async () => {
    const { conversation, sessionId } = newSession({ ttlMs: 60_000 });
    const key = `session:${sessionId}`;
    const shorten = () => redis.command('PEXPIRE', key, '30000');
    const remaining = async () => Number(await redis.command('PTTL', key));

    await conversation.create();
    expect(await remaining()).toBeGreaterThan(30_000);
    expect(await remaining()).toBeLessThanOrEqual(60_000);
    await shorten();
    await conversation.append([{ role: 'user', content: 'Hello' }]);
    expect(await remaining()).toBeGreaterThan(30_000);
    // Also by a writer who knows of no TTL.
    await shorten();
    await redis.store.commit(sessionId, { operationId: 'one', append: [] });
    expect(await remaining()).toBeGreaterThan(30_000);
    // But by no reader, and by no creation that finds it there.
    await shorten();
    await conversation.read();
    await conversation.metadata();
    await conversation.create();
    expect(await remaining()).toBeLessThanOrEqual(30_000);
  });

  test('is none without a TTL', async () => {
    const { conversation, sessionId } = newSession();
    await conversation.append([{ role: 'user', content: 'Hello' }]);
    expect(await redis.command('PTTL', `session:${sessionId}`)).toBe(-1);
  });
});

function newSession(options: { readonly userId?: string; readonly ttlMs?: number } = {}) {
  const sessionId = redis.newSessionId();
  return {
    sessionId,
    conversation: new Conversation({ store: redis.store, sessionId, ...options }),
    document: () => redis.document(`session:${sessionId}`),
  };
}

/** A message as it stands in the document. */
async function stored(message: Parameters<Conversation['append']>[0][number]): Promise<unknown> {
  const { conversation, sessionId } = newSession();
  await conversation.append([message]);
  const { messages } = await conversation.read();
  // Whatever the form, it comes back as it went in.
  if (message.item !== undefined) expect(messages[0]?.item).toEqual(message.item);
  if (message.content !== undefined) expect(messages[0]?.content).toEqual(message.content);
  return redis.value(`session:${sessionId}`, '$.messages[0]');
}

/**
 * What remembers an operation: the fingerprint of the change, and after it the revision, the
 * generation and the length that it left, how many messages it dropped, and the last id.
 */
function record(rest: string) {
  const pattern = rest.replaceAll(lastId, '[0-9a-f]{16}');
  return expect.stringMatching(new RegExp(`^[\\w-]{22} ${pattern}$`));
}
