import { Conversation } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';

import { useTestRedis } from './redis-for-tests.ts';

// The stored form is public API: other programs, in other languages, read these documents. What
// stands here is also in the README, and changes only with `store.schema_version`.

const redis = useTestRedis();

const seconds = expect.any(Number);
const messageId = expect.stringMatching(/^[0-9a-f]{16}$/);
const epoch = expect.stringMatching(/^[0-9a-f-]{36}$/);
/** 'o' and 32 hexadecimal digits of the SHA-256 of the operation id, so that the path is ours. */
const operation = {
  one: 'o7692c3ad3540bb803c020b3aee66cd88',
  two: 'o3fc4ccfe745870e2c0d99f71f30ff065',
  three: 'o8b5b9db0c13db24256c829aa364aa90c',
};
/** Stands for the id of a message in a record. */
const lastId = '"<id>"';

/** The messages as JSON text, without what stands between them. */
async function bytesOfMessages(sessionId: string): Promise<number> {
  const text = String(await redis.command('JSON.GET', `session:${sessionId}`, '$.messages[*]'));
  const messages: unknown = JSON.parse(text);
  const count = Array.isArray(messages) ? messages.length : 0;
  return count === 0 ? 0 : Buffer.byteLength(text) - '[]'.length - (count - 1);
}

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
      store: { schema_version: 1, epoch, revision: 1, generation: 0, ttl_ms: 60_000, bytes: 0 },
      operations: { a: {}, b: {} },
      state: {},
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
      'store',
      'operations',
      'state',
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
    const bytes = await bytesOfMessages(sessionId);
    expect(bytes).toBeGreaterThan(200);
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
      store: { schema_version: 1, epoch, revision: 1, generation: 0, ttl_ms: 0, bytes },
      operations: { a: { [operation.one]: record('0 2 "m2" []') }, b: {} },
      state: {},
    });
  });

  test('after messages were added, dropped and cleared, and an agent was tracked', async () => {
    const { conversation, sessionId, document } = newSession({ ttlMs: 60_000 });
    const append = ['one', 'two', 'three'].map(
      (content) => ({ role: 'user', content, tokens: 2 }) as const,
    );
    await conversation.append(append, { operationId: 'one' });

    await conversation.pop({ operationId: 'two' });
    expect(await document()).toMatchObject({
      metadata: { current_agent: null, agents_used: [], message_count: 2, total_tokens: 4 },
      messages: [{ content: 'one' }, { content: 'two' }],
      // The generation is the revision of the last change that was not growth.
      store: { revision: 2, generation: 2, bytes: await bytesOfMessages(sessionId) },
      operations: {
        a: {
          [operation.one]: record(`0 3 ${lastId} []`),
          // What was dropped is answered again when the pop is repeated.
          [operation.two]: record(
            `2 2 ${lastId} [{"id":${lastId},"role":"user","content":"three",…}]`,
          ),
        },
        b: {},
      },
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
      store: { revision: 6, generation: 6, ttl_ms: 60_000, bytes: 0 },
    });
    expect(await document()).toHaveProperty(
      ['operations', 'a', operation.three],
      record(`2 2 ${lastId} []`),
    );
  });

  test('counts the bytes of its messages, whatever they are and however they came and went', async () => {
    const { conversation, sessionId } = newSession();
    const bytes = () => redis.value(`session:${sessionId}`, '$.store.bytes');
    const said = (content: unknown) => ({ role: 'user', content }) as const;
    const append = ['é', '\u2028 "quoted" \u0000', { n: [1.5, -3] }, '\ud800', 'x'.repeat(5000)];
    await conversation.append(append.map(said));
    expect(await bytes()).toBe(await bytesOfMessages(sessionId));
    await conversation.replaceTail(2, [said('five')]);
    expect(await bytes()).toBe(await bytesOfMessages(sessionId));
    await conversation.pop();
    expect(await bytes()).toBe(await bytesOfMessages(sessionId));
    await conversation.replaceTail('all', [said('begun anew')]);
    expect(await bytes()).toBe(await bytesOfMessages(sessionId));
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
      store: {
        schema_version: 1,
        // The microsecond of its creation: known before the first commit, too.
        epoch: '1732400000250000',
        revision: 1,
        generation: 0,
        ttl_ms: 0,
        bytes: 0,
      },
      operations: { a: { [operation.one]: record('0 0 "" []') }, b: {} },
      state: {},
    });
  });

  test('keeps what an application has put beside it', async () => {
    const { conversation, sessionId, document } = newSession();
    await conversation.create();
    const key = `session:${sessionId}`;
    await redis.command('JSON.SET', key, '$.state.cart', '["apple"]');
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
  test('are remembered in two objects that take turns, a thousand commits each', async () => {
    const { conversation, document, sessionId } = newSession();
    await conversation.create();
    const key = `session:${sessionId}`;
    await redis.command('JSON.SET', key, '$.store.revision', '998');
    await conversation.append([], { operationId: 'one' });
    await conversation.append([], { operationId: 'two' });
    expect(await document()).toMatchObject({
      store: { revision: 1000 },
      operations: {
        a: { [operation.one]: record('0 0 "" []') },
        b: { [operation.two]: record('0 0 "" []') },
      },
    });
    // The turn of `a` again: it is emptied first.
    await redis.command('JSON.SET', key, '$.store.revision', '1999');
    await conversation.append([], { operationId: 'three' });
    expect(await document()).toMatchObject({ store: { revision: 2000 } });
    expect(await document()).toHaveProperty('operations', {
      a: { [operation.three]: record('0 0 "" []') },
      b: { [operation.two]: record('0 0 "" []') },
    });
  });

  test('are forgotten where a commit says so, and that commit is remembered', async () => {
    const { conversation, document } = newSession();
    await conversation.append([], { operationId: 'one' });
    await conversation.commit({ drop: 'all', forgetOperations: true }, { operationId: 'two' });
    expect(await document()).toHaveProperty('operations', {
      a: { [operation.two]: record('0 0 "" []') },
      b: {},
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
 * What remembers an operation: the fingerprint of the change, and after it the generation, the
 * length and the last id that it left, and what it dropped. `…` stands for anything.
 */
function record(rest: string) {
  const pattern = rest
    .replaceAll(/[[\]{}]/g, '\\$&')
    .replaceAll(lastId, '"[0-9a-f]{16}"')
    .replaceAll('…', '.*');
  return expect.stringMatching(new RegExp(`^[\\w-]{22} ${pattern}$`));
}
