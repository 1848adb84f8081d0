import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import type { NewMessage } from '@agent-sessions/session-core';
import { openSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';

import { portOf } from '../../../tools/port-of.ts';
import { reasonOf } from '../../../tools/reason.ts';
import { startRelay } from '../../../tools/relay.ts';
import { withConnection } from '../../../tools/redis-server/connection.ts';
import { startRedisServer } from '../../../tools/redis-server/index.ts';
import { redisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { startFaultyProxy } from '../../../tools/torture/faulty-proxy.ts';
import { until } from '../../../tools/until.ts';
import { failureOf } from './failure-of.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
const testWithOwnServer = testUnless(await redisBinaries().then(() => undefined, reasonOf));

const message = (content: string): readonly NewMessage[] => [{ role: 'user', content }];
const append = (content: string) => ({ operationId: content, append: message(content) });

/** What is stored in a session, read past the driver. */
async function contentsOf(sessionId: string): Promise<unknown> {
  const found = await redis.command('JSON.GET', `session:${sessionId}`, '$.messages[*].content');
  return typeof found === 'string' ? JSON.parse(found) : [];
}

/** Asks a server, past the driver. */
function ask(url: string, ...command: string[]): Promise<unknown> {
  return withConnection(url, (connection) => connection.sendCommand(command));
}

/** Keeps this process busy: no timer fires, and no socket is read. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** A relay that can forget the connections that there are, without an end, and answer no new ones. */
async function startForgetfulRelay() {
  const pairs: (readonly [Socket, Socket])[] = [];
  let answers = true;
  const relay = await startRelay(redis.url, (client, server) => {
    if (answers) client.pipe(server).pipe(client);
    pairs.push([client, server]);
  });
  redis.closeAtEnd(relay);
  return {
    url: relay.url,
    connections: () => pairs.length,
    answer: () => void (answers = true),
    answerNobody: () => void (answers = false),
    forget() {
      for (const [client, server] of pairs) {
        client.unpipe(server);
        server.unpipe(client);
      }
    },
    cut() {
      for (const [client] of pairs) client.destroy();
    },
  };
}

describe('C1 A connection that goes silent', () => {
  test('costs one call its answer; the next is made on another connection', async () => {
    const relay = await startForgetfulRelay();
    const store = redis.closeAtEnd(await openSessionStore(relay.url, { deadlineMs: 400 }));
    const sessionId = redis.newSessionId();
    await store.commit(sessionId, append('before'));
    for (const round of [1, 2]) {
      relay.forget();
      const lost = append(`lost ${round}`);
      expect(await failureOf(store.commit(sessionId, lost))).toMatchObject({
        code: 'timeout',
        outcome: 'unknown',
      });
      expect((await store.read(sessionId)).messages).toHaveLength(round);
      expect(await store.commit(sessionId, lost)).toMatchObject({ repeated: false });
    }
    expect(await contentsOf(sessionId)).toEqual(['before', 'lost 1', 'lost 2']);
    expect(relay.connections()).toBe(3);
  });

  test('is given up also where only reads are made', async () => {
    const relay = await startForgetfulRelay();
    const store = redis.closeAtEnd(await openSessionStore(relay.url, { deadlineMs: 300 }));
    const sessionId = redis.newSessionId();
    relay.forget();
    expect(await failureOf(store.read(sessionId))).toMatchObject({ code: 'timeout' });
    expect(await store.read(sessionId)).toMatchObject({ mark: null });
  });

  testWithOwnServer('is kept where the server is only slow', async () => {
    const server = await startRedisServer();
    const store = await openSessionStore(server.url, { deadlineMs: 200 });
    await store.create('mine');
    process.kill(server.pid, 'SIGSTOP');
    expect(await failureOf(store.read('mine'))).toMatchObject({ code: 'timeout' });
    process.kill(server.pid, 'SIGCONT');
    await until('it answers', async () => (await store.read('mine')).mark !== null);
    await store.close();
    await server.stop();
  });
});

describe('C3 A deadline', () => {
  test('holds for all that a read asks for', async () => {
    const proxy = redis.closeAtEnd(await startFaultyProxy(redis.url));
    const store = redis.closeAtEnd(await openSessionStore(proxy.url, { deadlineMs: 1000 }));
    const sessionId = redis.newSessionId();
    const { mark } = await store.commit(sessionId, append('one'));
    await store.commit(sessionId, { operationId: 'changed', drop: 1, append: message('other') });
    // One answer comes in time; the second, which the read needs as well, would not.
    proxy.delay(350);
    const failure = await failureOf(store.read(sessionId, { since: mark ?? undefined }));
    expect(failure).toMatchObject({ code: 'timeout', outcome: 'not_applied' });
    proxy.delay(0);
  });

  test('is used up: a reconnection that is not answered ends no call before it', async () => {
    const relay = await startForgetfulRelay();
    const options = { deadlineMs: 20_000, connectTimeoutMs: 150 };
    const store = redis.closeAtEnd(await openSessionStore(relay.url, options));
    const sessionId = redis.newSessionId();
    await store.create(sessionId);
    relay.answerNobody();
    relay.cut();
    const commit = store.commit(sessionId, append('late'));
    await until('it has connected several times in vain', () => relay.connections() >= 4);
    relay.answer();
    expect(await commit).toMatchObject({ repeated: false });
    expect(await contentsOf(sessionId)).toEqual(['late']);
  });

  test('close() does not wait for a connection that is being made', async () => {
    const proxy = redis.closeAtEnd(await startFaultyProxy(redis.url));
    const store = await openSessionStore(proxy.url, { deadlineMs: 30_000 });
    proxy.holdReplies();
    proxy.cut();
    const commit = failureOf(store.commit(redis.newSessionId(), append('never')));
    await until('it connects again', () => proxy.connections() === 1);
    await store.close();
    expect(await commit).toMatchObject({ code: 'closed' });
    proxy.release();
  });
});

describe('D1 A server that has become a replica, behind one name', () => {
  testWithOwnServer('is left for its successor with the next commit', async () => {
    const [old, successor] = await Promise.all([startRedisServer(), startRedisServer()]);
    let target = new URL(old.url);
    const name = createServer((client) => {
      const server = connect(Number(target.port), target.hostname);
      for (const socket of [client, server]) socket.on('error', () => {});
      client.pipe(server).pipe(client);
    });
    name.listen(0, '127.0.0.1');
    await once(name, 'listening');
    const store = await openSessionStore(`redis://127.0.0.1:${portOf(name)}`, { deadlineMs: 5000 });
    await store.commit('mine', append('before'));

    await ask(successor.url, 'REPLICAOF', '127.0.0.1', String(old.port));
    await until('it has everything', async () =>
      String(await ask(successor.url, 'INFO', 'replication')).includes('master_link_status:up'),
    );
    await ask(successor.url, 'REPLICAOF', 'NO', 'ONE');
    await ask(old.url, 'REPLICAOF', '127.0.0.1', String(successor.port));
    target = new URL(successor.url);

    // No connection is cut: the store finds out by being refused.
    const { mark } = await store.commit('mine', append('after'));
    expect(mark).toMatchObject({ length: 2 });
    expect((await store.read('mine')).messages.map(({ content }) => content)).toEqual([
      'before',
      'after',
    ]);
    const stored = await ask(successor.url, 'JSON.GET', 'session:mine', '$.messages[*].content');
    expect(stored).toBe('["before","after"]');
    expect(await store.delete('mine')).toBe(true);
    await store.close();
    name.close();
    await Promise.all([old.stop(), successor.stop()]);
  });

  testWithOwnServer(
    'is unavailable by the deadline where there is none, nothing changed',
    async () => {
      const server = await startRedisServer();
      const store = await openSessionStore(server.url, { deadlineMs: 300 });
      await store.commit('mine', append('before'));
      await ask(server.url, 'REPLICAOF', '127.0.0.1', '1');
      expect(await failureOf(store.commit('mine', append('after')))).toMatchObject({
        code: 'unavailable',
        outcome: 'not_applied',
        retryable: true,
      });
      expect((await store.read('mine')).messages).toHaveLength(1);
      await store.close();
      await server.stop();
    },
  );
});

describe('D7 A process that is busy past the deadline', () => {
  test.each([
    ['at once', async () => {}],
    ['when the request is out', () => new Promise((turned) => setImmediate(turned))],
  ])('%s: gets the answer that lies in its socket', async (_when, before) => {
    const store = redis.closeAtEnd(await openSessionStore(redis.url, { deadlineMs: 100 }));
    const sessionId = redis.newSessionId();
    await store.create(sessionId);
    for (const round of [1, 2, 3]) {
      const calls = [store.commit(sessionId, append(`${round}`)), store.read(sessionId)];
      await before();
      block(300);
      const [commit, read] = await Promise.all(calls);
      expect(commit).toMatchObject({ mark: { length: round } });
      expect(read).toMatchObject({ mark: { length: round } });
    }
    expect(await contentsOf(sessionId)).toEqual(['1', '2', '3']);
  });

  test('is still told where nobody answers', async () => {
    const proxy = redis.closeAtEnd(await startFaultyProxy(redis.url));
    const store = redis.closeAtEnd(await openSessionStore(proxy.url, { deadlineMs: 100 }));
    proxy.holdReplies();
    const reading = failureOf(store.read(redis.newSessionId()));
    block(300);
    expect(await reading).toMatchObject({ code: 'timeout' });
    proxy.release();
  });
});
