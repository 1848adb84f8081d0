import { noUsage } from '@agent-sessions/session-core';
import { JSONSession } from '@agent-sessions/session-redisjson';
import type { JSONSessionOptions } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';

import { startCountingProxy } from './counting-proxy.ts';
import { unusedPort } from '../../../tools/port-of.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();

/** A JSONSession of the user Ada, on the Redis of the test run. */
function newSession(options: Partial<JSONSessionOptions> = {}): JSONSession {
  const sessionId = redis.newSessionId();
  return redis.closeAtEnd(
    new JSONSession({ sessionId, userId: 'ada', redisUrl: redis.url, ...options }),
  );
}

async function load({ sessionId }: JSONSession): Promise<JSONSession> {
  return redis.closeAtEnd(await JSONSession.load(sessionId, redis.url));
}

const keyOf = ({ sessionId }: JSONSession) => `session:${sessionId}`;

/** Lets a session expire, without waiting for it. */
const expire = (session: JSONSession) => redis.command('PEXPIREAT', keyOf(session), '1');

const ttlOf = async (session: JSONSession) => Number(await redis.command('PTTL', keyOf(session)));

const contents = (messages: readonly { readonly content: unknown }[]) =>
  messages.map(({ content }) => content);

describe('new JSONSession', () => {
  test('knows its id and its user, and does not connect', async () => {
    const session = newSession({ sessionId: 'mine', redisUrl: 'redis://127.0.0.1:1' });
    expect([session.sessionId, session.userId]).toEqual(['mine', 'ada']);
    expect(newSession({ userId: undefined }).userId).toBeUndefined();
    await session.close();
  });

  test.each([
    ['sessionId', { sessionId: '' }],
    ['userId', { userId: '' }],
    ['ttl', { ttl: 0 }],
    ['ttl', { ttl: -1 }],
    ['ttl', { ttl: 1.5 }],
    ['ttl', { ttl: Number.NaN }],
    ['ttl', { ttl: 1e12 }],
  ])('refuses a bad %s: %j', (field, options) => {
    expect(() => newSession(options)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', field }),
    );
  });
});

describe('create', () => {
  test('creates an empty session', async () => {
    const session = newSession();
    expect(await session.create()).toBe(true);
    expect(await session.getMessages()).toEqual([]);
    expect(await session.getMetadata()).toEqual({
      sessionId: session.sessionId,
      userId: 'ada',
      createdAtMs: expect.any(Number),
      updatedAtMs: expect.any(Number),
      currentAgent: null,
      agentsUsed: [],
      messageCount: 0,
      totalTokens: 0,
      usage: noUsage,
      ttlMs: null,
    });
  });

  test('leaves a session that exists as it is, where Python overwrites it', async () => {
    const session = newSession();
    await session.addMessage('user', 'Hello');
    const before = await redis.document(keyOf(session));
    expect(await session.create()).toBe(false);
    expect(await newSession({ sessionId: session.sessionId, ttl: 60 }).create()).toBe(false);
    expect(await redis.document(keyOf(session))).toEqual(before);
    expect(await ttlOf(session)).toBe(-1);
  });

  test('does not find the session of another user, and leaves it as it is', async () => {
    const session = newSession();
    await session.addMessage('user', 'Hello');
    const other = newSession({ sessionId: session.sessionId, userId: 'eve' });
    await expect(other.create()).rejects.toMatchObject({ code: 'session_not_found' });
    expect(contents(await session.getMessages())).toEqual(['Hello']);
  });
});

describe('load', () => {
  test('finds the session with its user and its messages', async () => {
    const session = newSession();
    await session.addMessage('user', 'Hello');
    for (const options of [redis.url, { redisUrl: redis.url, userId: 'ada' }]) {
      const loaded = redis.closeAtEnd(await JSONSession.load(session.sessionId, options));
      expect([loaded.sessionId, loaded.userId]).toEqual([session.sessionId, 'ada']);
      expect(contents(await loaded.getMessages())).toEqual(['Hello']);
    }
  });

  test('finds a session that has no user', async () => {
    const session = newSession({ userId: undefined });
    await session.create();
    expect((await load(session)).userId).toBeUndefined();
  });

  test('keeps the TTL, which Python forgets', async () => {
    const session = newSession({ ttl: 60 });
    await session.create();
    const loaded = await load(session);
    await redis.command('PEXPIRE', keyOf(session), '1000');
    await loaded.addMessage('user', 'Hello');
    expect(await ttlOf(session)).toBeGreaterThan(1000);
    expect(await loaded.getMetadata()).toMatchObject({ ttlMs: 60_000 });
  });

  test('gives the session another TTL where it is told one', async () => {
    const session = newSession({ ttl: 60 });
    await session.create();
    const options = { redisUrl: redis.url, ttl: 600 };
    const loaded = redis.closeAtEnd(await JSONSession.load(session.sessionId, options));
    await loaded.addMessage('user', 'Hello');
    expect(await ttlOf(session)).toBeGreaterThan(60_000);
    expect(await loaded.getMetadata()).toMatchObject({ ttlMs: 600_000 });
  });

  test('does not find what is not there, or is another user’s', async () => {
    const session = newSession();
    const notFound = { name: 'SessionError', code: 'session_not_found' };
    await expect(load(session)).rejects.toMatchObject(notFound);
    await session.create();
    const asEve = JSONSession.load(session.sessionId, { redisUrl: redis.url, userId: 'eve' });
    await expect(asEve).rejects.toMatchObject(notFound);
  });
});

describe('addMessage', () => {
  const full = { role: 'assistant', content: 'Hi', agent: 'Greeter', tokens: 3 } as const;

  test('takes its arguments by name', async () => {
    const session = newSession();
    await session.addMessage(full);
    await session.addMessage({ role: 'user', content: 'Hello' });
    expect(await session.getMessages()).toEqual([
      { id: expect.any(String), timestampMs: expect.any(Number), ...full },
      {
        id: expect.any(String),
        timestampMs: expect.any(Number),
        role: 'user',
        content: 'Hello',
        agent: null,
        tokens: null,
      },
    ]);
  });

  test('takes role and content, and the rest by name', async () => {
    const session = newSession();
    await session.addMessage('assistant', 'Hi', { agent: 'Greeter', tokens: 3 });
    await session.addMessage('assistant', 'Hi', { tokens: 3 });
    await session.addMessage('assistant', 'Hi', {});
    expect(await session.getMessages()).toMatchObject([
      full,
      { ...full, agent: null },
      { ...full, agent: null, tokens: null },
    ]);
  });

  test('takes its arguments in the order of Python', async () => {
    const session = newSession();
    await session.addMessage('assistant', 'Hi', 'Greeter', 3);
    await session.addMessage('assistant', 'Hi', 'Greeter');
    await session.addMessage('assistant', 'Hi', undefined, 3);
    await session.addMessage('assistant', 'Hi', null, 3);
    await session.addMessage('assistant', 'Hi');
    expect(await session.getMessages()).toMatchObject([
      full,
      { ...full, tokens: null },
      { ...full, agent: null },
      { ...full, agent: null },
      { ...full, agent: null, tokens: null },
    ]);
    expect(await session.getMetadata()).toMatchObject({ messageCount: 5, totalTokens: 9 });
  });

  test('takes any JSON value as content, and gives it back as it was', async () => {
    const values = ['', null, 0, false, [], {}, [{ text: 'a', n: [1.5, {}] }], { b: 1, a: null }];
    const session = newSession();
    for (const content of values) await session.addMessage('user', content);
    expect(contents(await session.getMessages())).toEqual(values);
  });

  test('adds a message once for one operation id', async () => {
    const session = newSession();
    const message = { role: 'user', content: 'Hello', operationId: 'request 1' } as const;
    await session.addMessage(message);
    await session.addMessage(message);
    await session.addMessage('user', 'Hello', { operationId: 'request 1' });
    expect(contents(await session.getMessages())).toEqual(['Hello']);
    await expect(session.addMessage({ ...message, content: 'Bye' })).rejects.toMatchObject({
      code: 'operation_reused',
    });
  });

  test('keeps the order of calls that are not waited for', async () => {
    const session = newSession();
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    await Promise.all(numbers.map((number) => session.addMessage('user', number)));
    expect(contents(await session.getMessages())).toEqual(numbers);
  });

  test('creates the session, with its user and its TTL', async () => {
    const session = newSession({ ttl: 60 });
    await session.addMessage('user', 'Hello');
    expect(await session.getMetadata()).toMatchObject({ userId: 'ada', ttlMs: 60_000 });
    expect(await ttlOf(session)).toBeGreaterThan(0);
  });

  test('starts the session anew once it has expired, where Python fails', async () => {
    const session = newSession({ ttl: 60 });
    await session.addMessage('user', 'Before');
    const loaded = await load(session);
    for (const each of [session, loaded]) {
      await expire(session);
      expect(await each.getMessages()).toEqual([]);
      await each.addMessage('user', 'After');
      expect(contents(await each.getMessages())).toEqual(['After']);
      expect(await each.getMetadata()).toMatchObject({ userId: 'ada', ttlMs: 60_000 });
      expect(await ttlOf(session)).toBeGreaterThan(0);
    }
  });

  test('refuses what cannot be stored, and writes nothing', async () => {
    const session = newSession();
    const invalid = (field: string) => ({ code: 'invalid_argument', field });
    await expect(session.addMessage('user', undefined)).rejects.toMatchObject(
      invalid('append[0].content'),
    );
    await expect(session.addMessage('user', 'Hi', 'A', -1)).rejects.toMatchObject(
      invalid('append[0].tokens'),
    );
    await expect(session.addMessage('user', 'Hi', '')).rejects.toMatchObject(
      invalid('append[0].agent'),
    );
    await expect(session.addMessage('user', 10n)).rejects.toMatchObject({
      code: 'unstorable_value',
      field: 'append[0].content',
    });
    // @ts-expect-error: no role, as only JavaScript lets it through
    await expect(session.addMessage('robot', 'Hi')).rejects.toMatchObject(
      invalid('append[0].role'),
    );
    expect(await redis.document(keyOf(session))).toBeUndefined();
  });
});

describe('getMessages', () => {
  async function fiveMessages(): Promise<JSONSession> {
    const session = newSession();
    for (const [index, role] of (
      ['user', 'assistant', 'user', 'tool', 'user'] as const
    ).entries()) {
      await session.addMessage(role, index);
    }
    return session;
  }

  test('reads all, the last ones, those of a role, the last ones of a role', async () => {
    const session = await fiveMessages();
    const read = async (query?: Parameters<JSONSession['getMessages']>[0]) =>
      contents(await session.getMessages(query));
    expect(await read()).toEqual([0, 1, 2, 3, 4]);
    expect(await read({})).toEqual([0, 1, 2, 3, 4]);
    expect(await read({ limit: 2 })).toEqual([3, 4]);
    expect(await read({ limit: 100 })).toEqual([0, 1, 2, 3, 4]);
    expect(await read({ role: 'user' })).toEqual([0, 2, 4]);
    // Where Python ignores the limit:
    expect(await read({ role: 'user', limit: 2 })).toEqual([2, 4]);
    expect(await read({ role: 'system' })).toEqual([]);
  });

  test('reads nothing for a limit of 0, which is all in Python, or less, an error there', async () => {
    const session = await fiveMessages();
    expect(await session.getMessages({ limit: 0 })).toEqual([]);
    expect(await session.getMessages({ limit: -1 })).toEqual([]);
    expect(await session.getMessages({ limit: -3, role: 'user' })).toEqual([]);
  });

  test('reads nothing where there is no session', async () => {
    expect(await newSession().getMessages()).toEqual([]);
  });

  test('refuses a limit that is no whole number', async () => {
    for (const limit of [1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(newSession().getMessages({ limit })).rejects.toMatchObject({
        code: 'invalid_argument',
        field: 'last',
      });
    }
  });

  test('takes no JSONPath for a role, which Python pastes into one', async () => {
    const session = await fiveMessages();
    for (const role of [
      'user") || (@.role=="assistant',
      '" || 1==1 || "',
      'user" || @.content=~".*',
      'USER',
      '',
      'constructor',
    ]) {
      // @ts-expect-error: no role, as only JavaScript lets it through
      await expect(session.getMessages({ role })).rejects.toMatchObject({
        code: 'invalid_argument',
        field: 'role',
      });
    }
  });
});

test('getMetadata answers what is known without the messages, or that there is no session', async () => {
  const session = newSession({ ttl: 60 });
  expect(await session.getMetadata()).toBeUndefined();
  const before = Date.now();
  await session.addMessage('user', 'Hello', { tokens: 5 });
  await session.addMessage('assistant', 'Hi', { tokens: 3, agent: 'Greeter' });
  const metadata = await session.getMetadata();
  expect(metadata).toMatchObject({
    sessionId: session.sessionId,
    userId: 'ada',
    messageCount: 2,
    totalTokens: 8,
    // An agent that wrote a message was not tracked by that, as in Python.
    currentAgent: null,
    agentsUsed: [],
    ttlMs: 60_000,
  });
  expect(metadata?.createdAtMs).toBeGreaterThanOrEqual(before);
  expect(metadata?.updatedAtMs).toBeGreaterThanOrEqual(metadata?.createdAtMs ?? Infinity);
});

test('toAgentInputs answers role and content alone', async () => {
  const session = newSession();
  expect(await session.toAgentInputs()).toEqual([]);
  await session.addMessage('user', 'Hello', { tokens: 5 });
  await session.addMessage('assistant', [{ type: 'output_text', text: 'Hi' }]);
  expect(await session.toAgentInputs()).toEqual([
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] },
  ]);
});

test('trackAgent names the current agent, and lists each agent once, in order', async () => {
  const session = newSession();
  const awkward = 'a "quoted" \\ agent: $.messages[*] 🤖';
  for (const agent of ['Triage', awkward, 'Triage', awkward]) await session.trackAgent(agent);
  expect(await session.getMetadata()).toMatchObject({
    currentAgent: awkward,
    agentsUsed: ['Triage', awkward],
    messageCount: 0,
  });
  // At once, where Python looks and then writes:
  await Promise.all(Array.from({ length: 20 }, () => session.trackAgent('Closer')));
  expect(await session.getMetadata()).toMatchObject({ agentsUsed: ['Triage', awkward, 'Closer'] });
  await expect(session.trackAgent('')).rejects.toMatchObject({ code: 'invalid_argument' });
});

test('clear drops all messages, and keeps the session, its user, agents and TTL', async () => {
  const session = newSession({ ttl: 60 });
  await session.addMessage('user', 'Hello', { tokens: 5 });
  await session.trackAgent('Triage');
  await session.clear();
  expect(await session.getMessages()).toEqual([]);
  expect(await (await load(session)).getMetadata()).toMatchObject({
    userId: 'ada',
    agentsUsed: ['Triage'],
    messageCount: 0,
    totalTokens: 0,
    ttlMs: 60_000,
  });
  expect(await ttlOf(session)).toBeGreaterThan(0);
  await session.addMessage('user', 'Again', { tokens: 2 });
  expect(await session.getMetadata()).toMatchObject({ messageCount: 1, totalTokens: 2 });
});

test('clear of a session that is not there leaves nothing behind', async () => {
  const session = newSession();
  await session.clear();
  expect(await redis.document(keyOf(session))).toBeUndefined();
});

test('delete answers whether there was a session, and leaves those of others', async () => {
  const session = newSession();
  expect(await session.delete()).toBe(false);
  await session.addMessage('user', 'Hello');
  const other = newSession({ sessionId: session.sessionId, userId: 'eve' });
  expect(await other.delete()).toBe(false);
  expect(await session.delete()).toBe(true);
  expect(await session.getMetadata()).toBeUndefined();
});

test('the session of another user is not found', async () => {
  const session = newSession();
  await session.addMessage('user', 'Hello');
  const other = newSession({ sessionId: session.sessionId, userId: 'eve' });
  expect(await other.getMessages()).toEqual([]);
  expect(await other.getMetadata()).toBeUndefined();
  const notFound = { code: 'session_not_found' };
  await expect(other.addMessage('user', 'Hi')).rejects.toMatchObject(notFound);
  await expect(other.trackAgent('A')).rejects.toMatchObject(notFound);
  await expect(other.clear()).rejects.toMatchObject(notFound);
  expect(contents(await session.getMessages())).toEqual(['Hello']);
});

describe('close', () => {
  test('ends the connection, and the next call opens another', async () => {
    const proxy = redis.closeAtEnd(await startCountingProxy(redis.url));
    const session = newSession({ redisUrl: proxy.url });
    await session.addMessage('user', 'Hello');
    expect(proxy.connections()).toBe(1);
    await session.close();
    await proxy.idle();
    expect(contents(await session.getMessages())).toEqual(['Hello']);
    expect(proxy.connections()).toBe(1);
    await session.close();
    await proxy.idle();
  });

  test('does no harm twice, at once, or before the first call', async () => {
    const session = newSession();
    await session.close();
    await session.create();
    await Promise.all([session.close(), session.close()]);
    await session.close();
  });

  test('of a loaded session ends its connection', async () => {
    const session = newSession();
    await session.create();
    const proxy = redis.closeAtEnd(await startCountingProxy(redis.url));
    const loaded = await JSONSession.load(session.sessionId, proxy.url);
    expect(proxy.connections()).toBe(1);
    await loaded.close();
    await proxy.idle();
  });

  test('is not needed after a load that found nothing', async () => {
    const proxy = redis.closeAtEnd(await startCountingProxy(redis.url));
    await expect(JSONSession.load(redis.newSessionId(), proxy.url)).rejects.toThrow();
    await proxy.idle();
  });
});

test('all calls share one connection', async () => {
  const proxy = redis.closeAtEnd(await startCountingProxy(redis.url));
  const session = newSession({ redisUrl: proxy.url });
  await Promise.all([session.create(), session.getMetadata(), session.getMessages()]);
  expect(proxy.connections()).toBe(1);
  await session.close();
});

test('its store gets the options that are for it, also where the session is loaded', async () => {
  const storeOptions = { maxMessages: 1, keyPrefix: redis.newKeyPrefix() };
  const session = newSession({ storeOptions });
  await session.addMessage('user', 'Hello');
  const loaded = redis.closeAtEnd(
    await JSONSession.load(session.sessionId, { redisUrl: redis.url, storeOptions }),
  );
  for (const each of [session, loaded]) {
    await expect(each.addMessage('user', 'More')).rejects.toMatchObject({ code: 'session_full' });
  }
  await expect(load(session)).rejects.toMatchObject({ code: 'session_not_found' });
});

test('a session whose server was not there connects with a later call', async () => {
  const port = await unusedPort();
  const session = newSession({ redisUrl: `redis://127.0.0.1:${port}` });
  await expect(session.create()).rejects.toMatchObject({ code: 'connection_failed' });
  redis.closeAtEnd(await startCountingProxy(redis.url, port));
  expect(await session.create()).toBe(true);
  await session.close();
});
