import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';

import { Conversation } from '@agent-sessions/session-core';
import type { SessionErrorCode, SessionStore } from '@agent-sessions/session-core';
import {
  JSONSession,
  openSessionStore,
  RedisJsonSessionStore,
} from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commandOptions, createClient } from 'redis';

import { reasonOf } from '../../../tools/reason.ts';
import { startRedisServer } from '../../../tools/redis-server/index.ts';
import { launchServer, type RedisServer } from '../../../tools/redis-server/launch-server.ts';
import { redisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { portOf, unusedPort } from '../../../tools/port-of.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
const noOwnServer = await redisBinaries().then(() => undefined, reasonOf);
const testWithOwnServer = testUnless(noOwnServer);

/** What no error may say, nor its cause, nor anything it refers to. */
const content = 'what the user said in confidence';
const password = 'pass-word-of-the-server';

/** Every way to call a store, with content that no error may carry. */
const calls: Record<string, (store: SessionStore, sessionId: string) => Promise<unknown>> = {
  create: (store, id) => store.create(id, { ttlMs: 60_000 }),
  append: (store, id) =>
    store.commit(id, { operationId: 'append', append: [{ role: 'user', content }] }),
  pop: (store, id) => store.commit(id, { operationId: 'pop', drop: 1, returnDropped: true }),
  clear: (store, id) =>
    store.commit(id, { operationId: 'clear', drop: 'all', forgetOperations: true }),
  trackAgent: (store, id) => store.commit(id, { operationId: 'agent', append: [], agent: 'A' }),
  read: (store, id) => store.read(id),
  readLast: (store, id) => store.read(id, { last: 3 }),
  readRole: (store, id) => store.read(id, { role: 'user' }),
  metadata: (store, id) => store.metadata(id),
  delete: (store, id) => store.delete(id),
};
const writing = ['create', 'append', 'pop', 'clear', 'trackAgent', 'delete'];

async function list(store: SessionStore): Promise<string[]> {
  const ids = [];
  for await (const id of store.list()) ids.push(id);
  return ids;
}

/** Opens a store that is closed at the end. */
async function open(...args: Parameters<typeof openSessionStore>): Promise<SessionStore> {
  return redis.closeAtEnd(await openSessionStore(...args));
}

/** Starts a server for one test, which ends with the tests at the latest. */
async function startOwnServer(options?: Parameters<typeof startRedisServer>[0]) {
  const server = await startRedisServer(options);
  redis.closeAtEnd({ close: () => server.stop() });
  return server;
}

/** The error of a call that must fail, having looked that it tells no secrets. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    (answer) => {
      throw new Error(`It answered ${inspect(answer)}.`);
    },
    (reason: unknown) => reason,
  );
  const told = inspect(error, { depth: Infinity, showHidden: true });
  expect(told).not.toContain(content);
  expect(told).not.toContain(password);
  return error;
}

async function expectFailures(
  store: SessionStore,
  sessionId: string,
  code: SessionErrorCode,
  names = Object.keys(calls),
): Promise<void> {
  const failures: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) {
    if (names.includes(name)) failures[name] = await failureOf(call(store, sessionId));
  }
  const expected = names.map((name) => [
    name,
    expect.objectContaining({ name: 'SessionError', code }),
  ]);
  expect(failures).toEqual(Object.fromEntries(expected));
}

describe('A key that holds something else', () => {
  const pythonDocument = (sessionId: string) => ({
    session_id: sessionId,
    user_id: 'ada',
    created_at: 1_732_400_000.25,
    updated_at: 1_732_400_000.25,
    metadata: { current_agent: null, agents_used: [], message_count: 1, total_tokens: 0 },
    messages: [
      { id: 'm1', role: 'user', content, timestamp: 1_732_400_000.25, agent: null, tokens: null },
    ],
    handoff_context: null,
  });

  async function write(document: unknown, sessionId: string): Promise<void> {
    await redis.command('JSON.SET', `session:${sessionId}`, '$', JSON.stringify(document));
  }

  const dump = (sessionId: string) =>
    redis.client.dump(commandOptions({ returnBuffers: true }), `session:${sessionId}`);

  const others: Record<string, (sessionId: string) => unknown> = {
    'a string': (id) => redis.command('SET', `session:${id}`, content),
    'a list': (id) => redis.command('RPUSH', `session:${id}`, content),
    'a hash': (id) => redis.command('HSET', `session:${id}`, 'messages', content),
    'a JSON array': (id) => write([{ session_id: id }, content], id),
    'a JSON text': (id) => write(content, id),
    'a JSON null': (id) => write(null, id),
    'a JSON object of another library': (id) =>
      write({ messages: [{ role: 'user', content }] }, id),
    'a JSON object with our id alone': (id) => write({ session_id: id }, id),
    'metadata of another kind': (id) => write({ ...pythonDocument(id), metadata: [content] }, id),
    'the session of another id': (id) => write(pythonDocument(`${id} of another`), id),
    'an id that is no text': (id) => write({ ...pythonDocument(id), session_id: [id] }, id),
  };
  for (const [what, writeIt] of Object.entries(others)) {
    test(`${what}: is left as it is, and every call says so`, async () => {
      const sessionId = redis.newSessionId();
      await writeIt(sessionId);
      const before = await dump(sessionId);
      // Who has the id and the key may delete what claims to be the session.
      const names = Object.keys(calls).filter(
        (name) => name !== 'delete' || !/id alone|metadata/.test(what),
      );
      await expectFailures(redis.store, sessionId, 'not_a_session', names);
      expect(await dump(sessionId)).toEqual(before);
    });
  }

  test('messages that are no list: no commit goes through', async () => {
    const sessionId = redis.newSessionId();
    await write({ ...pythonDocument(sessionId), messages: { role: 'user', content } }, sessionId);
    const before = await dump(sessionId);
    const names = ['create', 'append', 'pop', 'clear', 'trackAgent'];
    await expectFailures(redis.store, sessionId, 'not_a_session', names);
    expect(await dump(sessionId)).toEqual(before);
  });

  test('a time of creation that is no number: is left as it is, and every call says so', async () => {
    const sessionId = redis.newSessionId();
    await write({ ...pythonDocument(sessionId), created_at: 'yesterday' }, sessionId);
    const before = await dump(sessionId);
    const names = Object.keys(calls).filter((name) => name !== 'delete');
    await expectFailures(redis.store, sessionId, 'not_a_session', names);
    expect(await dump(sessionId)).toEqual(before);
  });

  test('a session of a newer version: is left as it is, and every call says so', async () => {
    const sessionId = redis.newSessionId();
    await redis.store.commit(sessionId, {
      operationId: 'one',
      append: [{ role: 'user', content }],
      ttlMs: 3_600_000,
    });
    await redis.command('JSON.SET', `session:${sessionId}`, '$.agent_sessions.schema_version', '2');
    const before = await dump(sessionId);
    await expectFailures(redis.store, sessionId, 'unsupported_schema');
    await expect(JSONSession.load(sessionId, redis.url)).rejects.toMatchObject({
      code: 'unsupported_schema',
    });
    expect(await dump(sessionId)).toEqual(before);
  });

  test('is not listed, and hides no session that is there', async () => {
    const keyPrefix = redis.newKeyPrefix();
    const store = new RedisJsonSessionStore(redis.client, { keyPrefix });
    await store.create('mine');
    await redis.command('SET', `${keyPrefix}text`, content);
    await redis.command('JSON.SET', `${keyPrefix}json`, '$', '[{"session_id":"json"}]');
    expect(await list(store)).toEqual(['mine']);
  });

  describe('A message that cannot be read', () => {
    const damaged = { id: 'm2', role: 'oracle', content, timestamp: 'then' };

    async function damagedSession(): Promise<string> {
      const sessionId = redis.newSessionId();
      const document = pythonDocument(sessionId);
      const [first] = document.messages;
      const messages = [first, damaged];
      const metadata = { ...document.metadata, message_count: 2 };
      await write({ ...document, metadata, messages }, sessionId);
      return sessionId;
    }

    test('makes a read fail that names it, and stays where it is', async () => {
      const sessionId = await damagedSession();
      const before = await dump(sessionId);
      const expected = { code: 'damaged_message', field: 'messages[1]' };
      expect(await failureOf(redis.store.read(sessionId))).toMatchObject(expected);
      expect(await failureOf(redis.store.read(sessionId, { last: 1 }))).toMatchObject(expected);
      expect(await dump(sessionId)).toEqual(before);
      // What does not touch it goes on.
      expect(await redis.store.read(sessionId, { role: 'user' })).toMatchObject({
        messages: [{ content }],
      });
      expect(await redis.store.metadata(sessionId)).toMatchObject({ messageCount: 2 });
    });

    test('is not popped by one who could not read it, but can be dropped', async () => {
      const sessionId = await damagedSession();
      const before = await dump(sessionId);
      const pop = { operationId: 'pop', drop: 1, returnDropped: true };
      expect(await failureOf(redis.store.commit(sessionId, pop))).toMatchObject({
        code: 'damaged_message',
        field: 'messages[1]',
      });
      expect(await dump(sessionId)).toEqual(before);
      await redis.store.commit(sessionId, { operationId: 'drop', drop: 1, dropUnreadable: true });
      expect((await redis.store.read(sessionId)).messages).toHaveLength(1);
    });

    test('is left out where the store is told to, and nothing else with it', async () => {
      const sessionId = await damagedSession();
      const told: unknown[] = [];
      const store = new RedisJsonSessionStore(redis.client, {
        onDamaged: (damage) => told.push(damage.field),
      });
      const { messages, mark } = await store.read(sessionId);
      expect(messages).toMatchObject([{ id: 'm1' }]);
      expect(told).toEqual(['messages[1]']);
      const append = [{ role: 'user', content: 'after it', id: 'm3' }] as const;
      await store.commit(sessionId, { operationId: 'append', append });
      const since = await store.read(sessionId, mark === null ? {} : { since: mark });
      const ids = since.messages.map(({ id }) => id);
      expect(since.continues ? ['m1', ...ids] : ids).toEqual(['m1', 'm3']);
    });
  });
});

describe('A server without the JSON module', () => {
  let server: RedisServer | undefined;
  beforeAll(async () => {
    if (noOwnServer !== undefined) return;
    const { server: binary } = await redisBinaries();
    server = await launchServer({
      command: async (port, folder) => [
        ...[binary, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
        ...['--save', '', '--appendonly', 'no'],
      ],
    });
  });
  afterAll(() => server?.stop());

  testWithOwnServer('lacks what is needed, and every call says so', async () => {
    const store = await open(server?.url);
    await expectFailures(store, 'mine', 'missing_capability');
  });
});

describe('A server that refuses', () => {
  let server: RedisServer | undefined;
  let admin: ReturnType<typeof createClient>;
  beforeAll(async () => {
    if (noOwnServer !== undefined) return;
    server = await startRedisServer({ password });
    admin = createClient({ url: server.url });
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.disconnect();
    await server?.stop();
  });

  /** The URL of the server, for another user or none. */
  function urlFor(user: string, secret: string): string {
    const url = new URL(String(server?.url));
    url.username = user;
    url.password = secret;
    return url.href;
  }

  testWithOwnServer('the password, or that there is none', async () => {
    const denied = { name: 'SessionError', code: 'permission_denied' };
    const wrong = urlFor('', `${password}-mistyped`);
    expect(await failureOf(openSessionStore(wrong))).toMatchObject(denied);
    expect(await failureOf(JSONSession.load('mine', wrong))).toMatchObject(denied);
    const session = new JSONSession({ sessionId: 'mine', redisUrl: wrong });
    expect(await failureOf(session.addMessage('user', content))).toMatchObject(denied);

    const store = await open(urlFor('', ''));
    await expectFailures(store, 'mine', 'permission_denied');
    expect(await failureOf(list(store))).toMatchObject(denied);
  });

  testWithOwnServer('a user who may read only', async () => {
    await admin.sendCommand(['ACL', 'SETUSER', 'reader', 'on', `>${password}`, '~*', '+json.get']);
    const conversation = new Conversation({ store: new RedisJsonSessionStore(admin) });
    await conversation.append([{ role: 'user', content }]);
    const store = await open(urlFor('reader', password));
    await expectFailures(store, conversation.sessionId, 'permission_denied', writing);
    expect(await store.read(conversation.sessionId)).toEqual(await conversation.read());
  });

  testWithOwnServer('to write, having no memory left', async () => {
    const store = new RedisJsonSessionStore(admin);
    await store.commit('full', { operationId: 'one', append: [{ role: 'user', content }] });
    const before = await admin.sendCommand(['JSON.GET', 'session:full']);
    await admin.configSet('maxmemory', '1mb');
    try {
      await expectFailures(store, 'new', 'unavailable', ['create', 'append', 'trackAgent']);
      await expectFailures(store, 'full', 'unavailable', ['append', 'trackAgent']);
      expect(await admin.sendCommand(['JSON.GET', 'session:full'])).toBe(before);
      expect(await store.read('full')).toMatchObject({ messages: [{ content }] });
    } finally {
      await admin.configSet('maxmemory', '0');
    }
  });

  testWithOwnServer('to write, being a replica', async () => {
    const store = new RedisJsonSessionStore(admin);
    await store.commit('copied', { operationId: 'one', append: [{ role: 'user', content }] });
    const before = await admin.sendCommand(['JSON.GET', 'session:copied']);
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', String(await unusedPort())]);
    try {
      await expectFailures(store, 'new', 'unavailable', ['create', 'append', 'trackAgent']);
      const changing = ['append', 'pop', 'clear', 'trackAgent', 'delete'];
      await expectFailures(store, 'copied', 'unavailable', changing);
      expect(await admin.sendCommand(['JSON.GET', 'session:copied'])).toBe(before);
    } finally {
      await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    }
  });
});

describe('No server', () => {
  const refused = { name: 'SessionError', code: 'connection_failed', retryable: true };

  test('behind the URL: opening says so', async () => {
    const url = `redis://ada:${password}@127.0.0.1:${await unusedPort()}`;
    expect(await failureOf(openSessionStore(url))).toMatchObject(refused);
    expect(await failureOf(JSONSession.load('mine', url))).toMatchObject(refused);
    const session = new JSONSession({ sessionId: 'mine', redisUrl: url });
    expect(await failureOf(session.addMessage('user', content))).toMatchObject(refused);
    await session.close();
  });

  testWithOwnServer('any more: calls say so by the deadline, and the store closes', async () => {
    const server = await startOwnServer({ password });
    const store = await open(server.url, { deadlineMs: 200 });
    await server.stop();
    for (const [name, call] of Object.entries(calls)) {
      expect(await failureOf(call(store, 'mine'))).toMatchObject({
        code: expect.stringMatching(/^(timeout|connection_failed)$/),
        retryable: true,
        // Whether a change was sent before the connection was found lost depends on the moment.
        outcome: writing.includes(name) ? expect.any(String) : 'not_applied',
      });
    }
    await failureOf(list(store));
    await store.close();
  });
});

describe('A server that does not answer', () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  let url: string;

  beforeAll(async () => {
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    url = `redis://127.0.0.1:${portOf(silent)}`;
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, 'close');
  });

  test('from the beginning: opening ends with an error', async () => {
    const withPassword = url.replace('//', `//ada:${password}@`);
    const failure = await failureOf(openSessionStore(withPassword, { connectTimeoutMs: 200 }));
    expect(failure).toMatchObject({ code: expect.stringMatching(/^(timeout|connection_failed)$/) });
  });

  test('on a client that is still connecting: calls end by the deadline', async () => {
    const client = createClient({ url });
    client.on('error', () => {});
    const connecting = client.connect().catch(() => {});
    try {
      const store = new RedisJsonSessionStore(client, { deadlineMs: 50 });
      await expectTimeouts(store, 'not_applied');
    } finally {
      await client.disconnect();
      await connecting;
    }
  });

  testWithOwnServer('any more: calls end by the deadline, and the store closes', async () => {
    const server = await startOwnServer();
    const store = await open(server.url, { deadlineMs: 50 });
    process.kill(server.pid, 'SIGSTOP');
    await expectTimeouts(store, 'unknown');
    await store.close();
  });

  async function expectTimeouts(
    store: SessionStore,
    outcome: 'not_applied' | 'unknown',
  ): Promise<void> {
    await expectFailures(store, 'mine', 'timeout');
    expect(await failureOf(list(store))).toMatchObject({ code: 'timeout' });
    expect(await failureOf(store.read('mine'))).toMatchObject({
      outcome: 'not_applied',
      retryable: true,
    });
    const change = {
      operationId: 'to repeat it with',
      append: [{ role: 'user', content }],
    } as const;
    expect(await failureOf(store.commit('mine', change))).toMatchObject({
      outcome,
      retryable: true,
      operationId: 'to repeat it with',
    });
  }
});

describe('A closed client', () => {
  test('is reported by every call, whether it was never open or is no longer', async () => {
    const never = createClient({ url: redis.url });
    const store = new RedisJsonSessionStore(never);
    await expectFailures(store, 'mine', 'closed');
    expect(await failureOf(list(store))).toMatchObject({ code: 'closed' });

    const client = createClient({ url: redis.url });
    await client.connect();
    await client.quit();
    const later = new RedisJsonSessionStore(client);
    await expectFailures(later, 'mine', 'closed');
    expect(await failureOf(list(later))).toMatchObject({ code: 'closed' });
  });

  test('is what a store that was opened by URL has once it is closed', async () => {
    const store = await openSessionStore(redis.url);
    await store.close();
    await store.close();
    await expectFailures(store, 'mine', 'closed');
  });
});
