import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Conversation, SessionError } from '@agent-sessions/session-core';
import type { Commit, NewMessage } from '@agent-sessions/session-core';
import { openSessionStore, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import type { RedisJsonSessionStoreOptions } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as redis4 from 'redis';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';

import { bundledProgram } from '../../../tools/bundled-program.ts';
import { reasonOf } from '../../../tools/reason.ts';
import { withConnection } from '../../../tools/redis-server/connection.ts';
import { type RedisServer, startRedisServer } from '../../../tools/redis-server/index.ts';
import { redisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { infoField } from '../../../tools/redis-server/server-facts.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { until } from '../../../tools/until.ts';
import {
  type Direction,
  type FaultyProxy,
  startFaultyProxy,
} from '../../../tools/torture/faulty-proxy.ts';
import { unusedPort } from '../../../tools/port-of.ts';
import { useTestRedis } from './redis-for-tests.ts';

const noOwnServer = await redisBinaries().then(() => undefined, reasonOf);
const testWithOwnServer = testUnless(noOwnServer);

interface Opened {
  readonly store: RedisJsonSessionStore;
  /** The listeners on the client that was passed in. */
  listeners(): number;
  close(): Promise<void>;
}

type Options = Pick<RedisJsonSessionStoreOptions, 'deadlineMs' | 'keyPrefix' | 'confirm'>;

/** Each its own: node-redis 4 writes host and port into it. */
const socketOptions = () => ({ reconnectStrategy: 5 });

/** How a store comes by its connection. Each makes it again at once when it is lost. */
const ways = {
  'openSessionStore(url)': async (url: string, options?: Options): Promise<Opened> => {
    const store = await openSessionStore(url, options);
    return { store, listeners: () => 0, close: () => store.close() };
  },
  'node-redis 4': async (url: string, options?: Options): Promise<Opened> => {
    const client = redis4.createClient({ url, socket: socketOptions() });
    client.on('error', () => {});
    await client.connect();
    return {
      store: new RedisJsonSessionStore(client, options),
      listeners: () => listenersOf(client),
      close: () => client.disconnect(),
    };
  },
  'node-redis 5': async (url: string, options?: Options): Promise<Opened> => {
    const client = redis5.createClient({ url, socket: socketOptions() });
    client.on('error', () => {});
    await client.connect();
    return {
      store: new RedisJsonSessionStore(client, options),
      listeners: () => listenersOf(client),
      close: async () => client.destroy(),
    };
  },
  'node-redis 6': async (url: string, options?: Options): Promise<Opened> => {
    const client = redis6.createClient({ url, socket: socketOptions() });
    client.on('error', () => {});
    await client.connect();
    return {
      store: new RedisJsonSessionStore(client, options),
      listeners: () => listenersOf(client),
      close: async () => client.destroy(),
    };
  },
};
type Way = keyof typeof ways;
const wayNames = Object.keys(ways) as Way[];

function listenersOf(client: Pick<NodeJS.EventEmitter, 'eventNames' | 'listenerCount'>): number {
  return client.eventNames().reduce((sum, name) => sum + client.listenerCount(name), 0);
}

/** A session's document, as far as these tests look. */
const Document = Type.Object({
  messages: Type.Array(Type.Object({ content: Type.String(), tokens: Type.Integer() })),
  metadata: Type.Object({ message_count: Type.Integer(), total_tokens: Type.Integer() }),
  agent_sessions: Type.Object({ revision: Type.Integer(), ttl_ms: Type.Integer() }),
});
const document = Compile(Document);

const old: readonly NewMessage[] = [
  { role: 'user', content: 'old 1', tokens: 10 },
  { role: 'assistant', content: 'old 2', tokens: 20 },
];
const batch: readonly NewMessage[] = [
  { role: 'user', content: 'new 1', tokens: 1 },
  { role: 'assistant', content: 'new 2', tokens: 2 },
  { role: 'user', content: 'new 3', tokens: 3 },
];
const oldTtlMs = 1_000_000;
const newTtlMs = 2_000_000;
const change: Commit = { operationId: 'the batch', append: batch, ttlMs: newTtlMs };

const redis = useTestRedis();

async function begin(sessionId: string): Promise<void> {
  await redis.store.commit(sessionId, { operationId: 'old', append: old, ttlMs: oldTtlMs });
}

/** Which history a session has; it fails where count, tokens, revision and expiry disagree with it. */
async function stateOf(sessionId: string): Promise<'nothing' | 'old' | 'new'> {
  const key = `session:${sessionId}`;
  const [text, expiry] = await redis.client
    .multi()
    .addCommand(['JSON.GET', key])
    .addCommand(['PTTL', key])
    .exec();
  if (text === null) return 'nothing';
  const found: unknown = JSON.parse(String(text));
  if (!document.Check(found)) throw new TypeError('The document is not that of a session.');
  const hadHistory = found.messages[0]?.content === old[0]?.content;
  const isNew = found.messages.length > old.length;
  const expected = [...(hadHistory ? old : []), ...(isNew ? batch : [])];
  expect(summary(found)).toEqual({
    contents: expected.map(({ content }) => content),
    count: expected.length,
    tokens: expected.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0),
    revision: Number(hadHistory) + Number(isNew),
    ttlMs: isNew ? newTtlMs : oldTtlMs,
  });
  expect(Number(expiry)).toBeGreaterThan(isNew ? oldTtlMs : 0);
  expect(Number(expiry)).toBeLessThanOrEqual(isNew ? newTtlMs : oldTtlMs);
  return isNew ? 'new' : 'old';
}

function summary({ messages, metadata, agent_sessions: ours }: Static<typeof Document>) {
  return {
    contents: messages.map(({ content }) => content),
    count: metadata.message_count,
    tokens: metadata.total_tokens,
    revision: ours.revision,
    ttlMs: ours.ttl_ms,
  };
}

/** The error of a call that must fail, and that must have settled by its deadline. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const hung = Symbol('hung');
  // Not a measurement: far longer than any deadline here.
  const settled = await Promise.race([
    call.then(
      (answer) => new Error(`It answered ${JSON.stringify(answer)}.`),
      (error: unknown) => error,
    ),
    sleep(20_000, hung, { ref: false }),
  ]);
  if (settled === hung) throw new Error('It is still waiting, long after its deadline.');
  return settled;
}

describe.each(wayNames)('On %s', (way) => {
  const lanes: (Opened & { readonly proxy: FaultyProxy })[] = [];

  beforeAll(async () => {
    for (let lane = 0; lane < 8; lane += 1) {
      const proxy = await startFaultyProxy(redis.url);
      lanes.push({ proxy, ...(await ways[way](proxy.url, { deadlineMs: 20_000 })) });
    }
    // The server learns the script.
    await lanes[0]?.store.commit(redis.newSessionId(), change);
  });
  afterAll(async () => {
    await Promise.all(lanes.map((lane) => lane.close()));
    await Promise.all(lanes.map(({ proxy }) => proxy.close()));
  });

  /** Works through the offsets, a few at a time. */
  async function atEveryOffset(
    direction: Direction,
    hasHistory: boolean,
  ): Promise<{ readonly cuts: number; readonly applied: number }> {
    const [first] = lanes;
    if (!first) throw new Error('There is no connection.');
    const dryRun = redis.newSessionId();
    if (hasHistory) await begin(dryRun);
    const before = first.proxy.passed[direction];
    await first.store.commit(dryRun, change);
    // The time of the commit is up to four characters longer or shorter, the counted id as well.
    const length = first.proxy.passed[direction] - before;
    const offsets = Array.from({ length: length + 9 }, (_, offset) => offset);
    const seen = { cuts: 0, applied: 0 };
    await Promise.all(
      lanes.map(async (lane) => {
        for (let offset = offsets.shift(); offset !== undefined; offset = offsets.shift()) {
          const { wasCut, wasApplied } = await cutAt(lane, direction, offset, hasHistory);
          if (offset < length - 9) expect({ offset, wasCut }).toEqual({ offset, wasCut: true });
          seen.cuts += Number(wasCut);
          seen.applied += Number(wasApplied);
        }
      }),
    );
    return seen;
  }

  async function cutAt(
    { store, proxy }: (typeof lanes)[number],
    direction: Direction,
    offset: number,
    hasHistory: boolean,
  ) {
    const sessionId = redis.newSessionId();
    if (hasHistory) await begin(sessionId);
    const cut = proxy.cutAfter(direction, offset, { hold: true });
    const commit = store.commit(sessionId, change);
    await Promise.race([cut.made, commit]);
    const wasCut = cut.isMade;
    cut.cancel();
    const between = await stateOf(sessionId);
    expect([hasHistory ? 'old' : 'nothing', 'new']).toContain(between);
    proxy.release();

    const made = await commit;
    expect(await stateOf(sessionId)).toBe('new');
    const again = await store.commit(sessionId, change);
    const { epoch, generation, length } = made.mark ?? {};
    expect(again).toMatchObject({ mark: { epoch, generation, length }, repeated: true });
    expect(await stateOf(sessionId)).toBe('new');
    return { wasCut, wasApplied: between === 'new' };
  }

  test('F1 a request cut after every byte is a commit made once or not at all', async () => {
    const { cuts, applied } = await atEveryOffset('request', true);
    expect(cuts).toBeGreaterThan(500);
    // Only what the server got in full is made before it is repeated.
    expect(applied).toBeLessThan(20);
  });

  const isTried = way === 'openSessionStore(url)' ? undefined : 'the bytes are those sent by URL';
  testUnless(isTried)(
    'F1 a request cut after every byte creates a session once or not at all',
    async () => {
      expect((await atEveryOffset('request', false)).cuts).toBeGreaterThan(500);
    },
  );

  // RESP2Decoder.reset of @redis/client 1.6.1 keeps what it had read of the answer, and takes the
  // answers of the next connection for the rest of it: calls hang, get the answer of another, or
  // the process ends. Nobody can mend that from outside; a store opened by URL takes a new client.
  const losesItsPlace = way === 'node-redis 4' ? 'node-redis 4 loses its place' : undefined;
  testUnless(losesItsPlace)(
    'F1 an answer cut after every byte is that of a commit made once',
    async () => {
      for (const hasHistory of [true, false]) {
        const { cuts, applied } = await atEveryOffset('reply', hasHistory);
        expect(cuts).toBeGreaterThan(40);
        expect(applied).toBeGreaterThanOrEqual(cuts);
      }
    },
  );

  test('F2 the answer is lost: the driver repeats the commit by itself', async () => {
    const [lane] = lanes;
    const sessionId = redis.newSessionId();
    await begin(sessionId);
    const lost = lane?.proxy.loseReply();
    const answer = await lane?.store.commit(sessionId, change);
    expect(lost?.isMade).toBe(true);
    expect(answer).toMatchObject({ repeated: true, mark: { length: 5 } });
    expect(await stateOf(sessionId)).toBe('new');
  });

  describe('with a short deadline', () => {
    let proxy: FaultyProxy;
    let opened: Opened;
    beforeAll(async () => {
      proxy = await startFaultyProxy(redis.url);
      opened = await ways[way](proxy.url, { deadlineMs: 300 });
    });
    afterAll(async () => {
      await opened.close();
      await proxy.close();
    });

    const unknown = { outcome: 'unknown', retryable: true, operationId: change.operationId };

    test('F2 the answer is lost and nobody answers: the caller repeats the commit', async () => {
      const sessionId = redis.newSessionId();
      await begin(sessionId);
      const lost = proxy.loseReply({ hold: true });
      const failure = await failureOf(opened.store.commit(sessionId, change));
      expect(failure).toMatchObject({ name: 'SessionError', code: 'timeout', ...unknown });
      expect(lost.isMade).toBe(true);
      expect(await stateOf(sessionId)).toBe('new');
      proxy.release();
      await expectRepetition(opened.store, sessionId);
    });

    test('F2 the answer does not come: the error has the id to repeat it with', async () => {
      const sessionId = redis.newSessionId();
      const conversation = new Conversation({ store: opened.store, sessionId, ttlMs: newTtlMs });
      await begin(sessionId);
      proxy.holdReplies();
      const failure = await failureOf(conversation.append(batch));
      expect(failure).toMatchObject({ code: 'timeout', outcome: 'unknown', retryable: true });
      const { operationId } = failure as SessionError;
      await until('the server has it', async () => (await stateOf(sessionId)) === 'new');
      proxy.release();
      const again = await conversation.append(batch, { operationId: String(operationId) });
      expect(again).toMatchObject({ repeated: true });
      expect(await stateOf(sessionId)).toBe('new');
    });

    test('F2 the request never arrives: it is repeated, and made once', async () => {
      const sessionId = redis.newSessionId();
      await begin(sessionId);
      const lost = proxy.cutAfter('request', 5, { hold: true });
      const failure = await failureOf(opened.store.commit(sessionId, change));
      expect(failure).toMatchObject(unknown);
      expect([lost.isMade, await stateOf(sessionId)]).toEqual([true, 'old']);
      proxy.release();
      const again = await opened.store.commit(sessionId, change);
      // The client may have sent it by itself in the meantime, when it was connected again.
      expect(again.mark).toMatchObject({ length: 5 });
      expect(await stateOf(sessionId)).toBe('new');
    });

    test('an aborted signal: before, nothing is sent', async () => {
      const sessionId = redis.newSessionId();
      const before = { ...proxy.passed };
      const signal = AbortSignal.abort('no more');
      const aborted = { code: 'aborted', outcome: 'not_applied', cause: 'no more' };
      const { store } = opened;
      expect(await failureOf(store.commit(sessionId, { ...change, signal }))).toMatchObject(
        aborted,
      );
      expect(await failureOf(store.read(sessionId, { signal }))).toMatchObject(aborted);
      expect(await failureOf(store.metadata(sessionId, { signal }))).toMatchObject(aborted);
      expect(await failureOf(store.delete(sessionId, { signal }))).toMatchObject(aborted);
      expect(await failureOf(store.create(sessionId, { signal }))).toMatchObject(aborted);
      expect(proxy.passed).toEqual(before);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    test('an aborted signal: during a call, the outcome of a change is unknown', async () => {
      const sessionId = redis.newSessionId();
      await begin(sessionId);
      const aborting = new AbortController();
      const { signal } = aborting;
      proxy.holdReplies();
      const calls = [
        opened.store.commit(sessionId, { ...change, signal }),
        opened.store.read(sessionId, { signal }),
      ];
      await until('the server has it', async () => (await stateOf(sessionId)) === 'new');
      aborting.abort();
      const [commit, read] = await Promise.all(calls.map(failureOf));
      const { operationId } = change;
      expect(commit).toMatchObject({ code: 'aborted', outcome: 'unknown', operationId });
      expect(read).toMatchObject({ code: 'aborted', outcome: 'not_applied' });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      proxy.release();
      await expectRepetition(opened.store, sessionId);
      await opened.store.read(sessionId, { signal: new AbortController().signal });
    });

    test('a signal that is not aborted keeps no listeners', async () => {
      const { signal } = new AbortController();
      await opened.store.read(redis.newSessionId(), { signal });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    test('a signal that is aborted between the pages of a list ends it', async () => {
      const aborting = new AbortController();
      const listing = (async () => {
        for await (const id of opened.store.list({ signal: aborting.signal })) {
          aborting.abort();
          expect(id).toEqual(expect.any(String));
        }
      })();
      await begin(redis.newSessionId());
      // What had been read by then may still come.
      await listing.catch((error: unknown) => expect(error).toMatchObject({ code: 'aborted' }));
    });
  });
});

async function expectRepetition(store: RedisJsonSessionStore, sessionId: string): Promise<void> {
  const again = await store.commit(sessionId, change);
  expect(again).toMatchObject({ repeated: true, mark: { length: 5 } });
  expect(await stateOf(sessionId)).toBe('new');
}

describe('Another process', () => {
  const program = bundledProgram(new URL('committing-process.ts', import.meta.url));
  const run = async (options: Record<string, string>): Promise<unknown> => {
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    // A rejection that nobody handles ends it with an error; what it leaves open, with the timeout.
    const started = promisify(execFile)(process.execPath, [program, ...args], { timeout: 30_000 });
    const { stdout } = await started;
    return JSON.parse(stdout);
  };

  test('F2 repeats the commit of one that ended without an answer', async () => {
    const proxy = await startFaultyProxy(redis.url);
    const session = redis.newSessionId();
    await begin(session);
    const commit = JSON.stringify(change);
    const told = { session, commit, 'deadline-ms': '500' };

    // Its greeting is answered twice with OK, the commit with one byte; then nobody answers.
    const lost = proxy.cutAfter('reply', '+OK\r\n+OK\r\n*'.length, { hold: true });
    const { operationId } = change;
    const failure = { code: 'timeout', outcome: 'unknown', operationId };
    expect(await run({ ...told, url: proxy.url })).toMatchObject(failure);
    expect([lost.isMade, await stateOf(session)]).toEqual([true, 'new']);
    proxy.release();
    await proxy.close();
    expect(await run({ ...told, url: redis.url })).toMatchObject({ repeated: true });
    await expectRepetition(redis.store, session);
  });

  test('F23 ends by itself where there is no server', async () => {
    const commit = JSON.stringify(change);
    const told = { session: redis.newSessionId(), commit, 'deadline-ms': '300' };
    const refused = `redis://127.0.0.1:${await unusedPort()}`;
    expect(await run({ ...told, url: refused })).toMatchObject({
      code: 'connection_failed',
      outcome: 'not_applied',
      retryable: true,
    });
  });
});

describe.each(wayNames)('F23 On %s, a server', (way) => {
  let server: RedisServer;
  let admin: ReturnType<typeof redis4.createClient>;
  let opened: Opened;
  let listeners: number;
  let sessions = 0;

  beforeAll(async () => {
    if (noOwnServer !== undefined) return;
    server = await startRedisServer({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    admin = redis4.createClient({ url: server.url });
    admin.on('error', () => {});
    await admin.connect();
    opened = await ways[way](server.url, { deadlineMs: 500 });
    await opened.store.create('warm');
    listeners = opened.listeners();
  });
  afterAll(async () => {
    await opened?.close();
    await admin?.disconnect();
    await server?.stop();
  });

  interface Trouble {
    /** Makes it, and answers how to end it. */
    readonly make: () => Promise<() => Promise<unknown>>;
    /** What a commit fails with. */
    readonly commit: object;
    /** What a read fails with, if it does. */
    readonly read?: object;
  }

  const silent = { code: 'timeout', outcome: 'unknown', retryable: true };
  const silentRead = { code: 'timeout', outcome: 'not_applied', retryable: true };
  const away = { code: expect.stringMatching(/^(timeout|connection_failed)$/), retryable: true };
  const unavailable = { code: 'unavailable', outcome: 'not_applied', retryable: true };
  const config = (...args: string[]) => admin.sendCommand(['CONFIG', 'SET', ...args]);

  const troubles: Record<string, Trouble> = {
    'that is stopped (SIGSTOP)': {
      make: async () => {
        process.kill(server.pid, 'SIGSTOP');
        return async () => process.kill(server.pid, 'SIGCONT');
      },
      commit: silent,
      read: silentRead,
    },
    'that is killed, and started again on its port': {
      make: async () => {
        process.kill(server.pid, 'SIGKILL');
        return () => server.restart();
      },
      commit: away,
      read: away,
    },
    'that pauses its clients (CLIENT PAUSE)': {
      make: async () => {
        await admin.sendCommand(['CLIENT', 'PAUSE', '60000', 'WRITE']);
        return () => admin.sendCommand(['CLIENT', 'UNPAUSE']);
      },
      commit: silent,
      // It could be answered, but stands behind the commit.
      read: silentRead,
    },
    'that has become a replica (READONLY)': {
      make: async () => {
        await admin.sendCommand(['REPLICAOF', '127.0.0.1', String(await unusedPort())]);
        return () => admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      },
      commit: unavailable,
    },
    'without memory left (OOM)': {
      make: async () => {
        await config('maxmemory', '1mb');
        return () => config('maxmemory', '0');
      },
      commit: unavailable,
    },
    'that cannot write its snapshots (MISCONF)': {
      make: async () => {
        const inTheWay = join(server.folder, 'dump.rdb');
        await mkdir(inTheWay, { recursive: true });
        await config('save', '3600 1');
        await admin.sendCommand(['BGSAVE']);
        await until('it has failed', async () =>
          (await admin.info('persistence')).includes('rdb_last_bgsave_status:err'),
        );
        return async () => {
          await config('save', '');
          await rmdir(inTheWay);
        };
      },
      commit: unavailable,
    },
    'that asks for a password after it has cut all connections': {
      make: async () => {
        await config('requirepass', 'secret');
        await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal']);
        return () => config('requirepass', '');
      },
      // node-redis 6 is refused when it connects, and tries again until the deadline.
      commit: { code: expect.stringMatching(/^(permission_denied|timeout)$/) },
      read: { code: expect.stringMatching(/^(permission_denied|timeout)$/) },
    },
  };

  for (const [what, { make, commit, read }] of Object.entries(troubles)) {
    testWithOwnServer(`${what}: calls end with what is known, and it works again`, async () => {
      const sessionId = `session ${(sessions += 1)}`;
      const { store } = opened;
      await store.commit(sessionId, { operationId: 'old', append: old });
      const end = await make();
      try {
        const calls = [store.commit(sessionId, change), store.read(sessionId)];
        const [committing, reading] = calls.map((call) => failureOf(call));
        expect(await committing).toMatchObject({ name: 'SessionError', ...commit });
        if (read) expect(await reading).toMatchObject({ name: 'SessionError', ...read });
        else expect(await calls[1]).toMatchObject({ mark: { length: 2 } });
      } finally {
        await end();
      }
      await until('it works again', async () => {
        const { mark } = await store.commit(sessionId, change);
        return mark?.length === 5;
      });
      const { messages } = await store.read(sessionId);
      expect(messages.map(({ content }) => content)).toEqual(
        [...old, ...batch].map(({ content }) => content),
      );
      expect(opened.listeners()).toBe(listeners);
    });
  }
});

describe.each(['openSessionStore(url)', 'node-redis 5'] as const)('F23 Loading, on %s', (way) => {
  testWithOwnServer('a server is waited for, by the deadline of the call', async () => {
    const slowly = ['--key-load-delay', '10000', '--loading-process-events-interval-bytes', '1024'];
    const server = await startRedisServer({ args: slowly });
    const [patient, hasty] = await Promise.all([
      ways[way](server.url, { deadlineMs: 30_000 }),
      ways[way](server.url, { deadlineMs: 200 }),
    ]);
    const filler = Array.from({ length: 400 }, (_, index) => `filler ${index}`);
    await Promise.all(filler.map((id) => patient.store.commit(id, change)));
    await patient.store.commit('mine', { operationId: 'old', append: old });
    await withConnection(server.url, (connection) => connection.sendCommand(['SAVE']));
    process.kill(server.pid, 'SIGKILL');
    const restarted = server.restart();
    await until('it says that it is loading', async () => {
      const failure = await failureOf(hasty.store.commit('mine', change));
      expect(failure).toMatchObject({ name: 'SessionError', retryable: true });
      return failure instanceof SessionError && failure.code === 'unavailable';
    });
    const committed = await patient.store.commit('mine', change);
    expect(committed.mark).toMatchObject({ length: 5 });
    await restarted;
    await Promise.all([patient.close(), hasty.close()]);
    await server.stop();
  });
});

describe.each(['openSessionStore(url)', 'node-redis 5'] as const)(
  'A commit confirmed on %s',
  (way) => {
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
    const started: RedisServer[] = [];
    const opened: Opened[] = [];
    const start = async (args: readonly string[]) => {
      const server = await startRedisServer({ args });
      started.push(server);
      return server;
    };
    const startReplicaOf = async (master: RedisServer) => {
      const replica = await start(['--replicaof', '127.0.0.1', String(master.port)]);
      await until('it has synchronised', () =>
        withConnection(replica.url, async (connection) => {
          return infoField(await connection.info('replication'), 'master_link_status') === 'up';
        }),
      );
      return replica;
    };
    const openOn = async (server: RedisServer, confirm: Options['confirm']) => {
      const each = await ways[way](server.url, { confirm });
      opened.push(each);
      return each.store;
    };
    afterAll(async () => {
      await Promise.all(opened.map((each) => each.close()));
      await Promise.all(started.map((server) => server.stop()));
    });

    const byReplica = { replicas: 1, timeoutMs: 200 };
    const unconfirmed = { name: 'SessionError', code: 'unconfirmed', outcome: 'unknown' };
    const { operationId } = change;

    testWithOwnServer('by a replica: not while it is away, in truth when it is back', async () => {
      const master = await start([]);
      const store = await openOn(master, byReplica);
      const failure = { ...unconfirmed, retryable: true, operationId };
      expect(await failureOf(store.commit('mine', change))).toMatchObject(failure);
      // A repetition writes nothing, on this connection or on one that never wrote anything.
      expect(await failureOf(store.commit('mine', change))).toMatchObject(failure);
      const other = await openOn(master, byReplica);
      expect(await failureOf(other.commit('mine', change))).toMatchObject(failure);
      expect(await store.read('mine')).toMatchObject({ mark: { length: 3 } });

      const replica = await startReplicaOf(master);
      await until('the replica has told the master that it has it', async () => {
        return (await store.commit('mine', change)).repeated;
      });
      const copy = await ways[way](replica.url);
      opened.push(copy);
      expect(await copy.store.read('mine')).toEqual(await store.read('mine'));

      process.kill(replica.pid, 'SIGSTOP');
      const later = { operationId: 'later', append: batch };
      expect(await failureOf(store.commit('mine', later))).toMatchObject({ ...unconfirmed });
      const third = await openOn(master, byReplica);
      expect(await failureOf(third.commit('mine', later))).toMatchObject({ ...unconfirmed });
      // The script is sent a second time: the first question would have come before it.
      await withConnection(master.url, (connection) => connection.scriptFlush());
      const fresh = { operationId: 'fresh', append: batch };
      expect(await failureOf(third.commit('mine', fresh))).toMatchObject({ ...unconfirmed });
      // What was refused has not been made, and is not said to have been.
      expect(
        await failureOf(store.commit('mine', { ...later, operationId: 'x', expect: null })),
      ).toMatchObject({ code: 'conflict', outcome: 'not_applied' });

      process.kill(replica.pid, 'SIGCONT');
      const patient = await openOn(master, { replicas: 1, timeoutMs: 4000 });
      expect(await patient.commit('mine', fresh)).toMatchObject({ repeated: true });
      expect(await copy.store.read('mine')).toMatchObject({ mark: { length: 9 } });
      expect(await patient.create('another')).toMatchObject({ created: true });
    });

    testWithOwnServer('by the disk, where there is an append-only file', async () => {
      const store = await openOn(await start(durable), { disk: true });
      expect(await store.commit('mine', change)).toMatchObject({ repeated: false });
      expect(await store.commit('mine', change)).toMatchObject({ repeated: true });

      const forgetful = await openOn(await start([]), { disk: true });
      const failure = await failureOf(forgetful.commit('mine', change));
      expect(failure).toMatchObject({ ...unconfirmed, retryable: false, operationId });
      expect((failure as SessionError).cause).toMatchObject({
        message: expect.stringContaining('appendonly'),
      });
    });
  },
);

test('A confirmation that would wait for ever is refused', () => {
  const client = redis4.createClient();
  const confirm = { replicas: 1, timeoutMs: 0 };
  expect(() => new RedisJsonSessionStore(client, { confirm })).toThrow('confirm.timeoutMs');
});
