import type { SessionStore } from '@agent-sessions/session-core';
import { openSessionStore, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as redis4 from 'redis';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';

import { reasonOf } from '../../../tools/reason.ts';
import { withConnection } from '../../../tools/redis-server/connection.ts';
import {
  type RedisCluster,
  type RedisServer,
  startCluster,
  startRedisServer,
  startSentinel,
} from '../../../tools/redis-server/index.ts';
import { redisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { until } from '../../../tools/until.ts';
import { slotOf } from '../src/connection/cluster-slot.ts';
import { failureOf } from './failure-of.ts';
import { useTestRedis } from './redis-for-tests.ts';
import { type OpenedClient, singleClients } from './single-clients.ts';

const redis = useTestRedis();
const noOwnServer = await redisBinaries().then(() => undefined, reasonOf);
const testWithOwnServer = testUnless(noOwnServer);

/** Also where the test fails. */
function endLater(end: () => Promise<unknown>): void {
  redis.closeAtEnd({ close: async () => void (await end()) });
}

const ids = (count: number, name = 'session') =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);

async function create(store: SessionStore, sessionIds: readonly string[]): Promise<void> {
  await Promise.all(sessionIds.map((id) => store.create(id)));
}

/** What is listed, each once; `during` is called once, when a part has come. */
async function listed(
  store: SessionStore,
  { after = 1, during = async () => {} }: { after?: number; during?: () => Promise<unknown> } = {},
): Promise<string[]> {
  const found = new Set<string>();
  let isDone = false;
  for await (const id of store.list()) {
    found.add(id);
    if (found.size < after || isDone) continue;
    isDone = true;
    await during();
  }
  return [...found].toSorted();
}

const ask = (server: Pick<RedisServer, 'url'>, ...command: string[]): Promise<unknown> =>
  withConnection(server.url, (connection) => connection.sendCommand(command));

test('C2 what cannot be read as a session is not listed, and hides none that can', async () => {
  const keyPrefix = redis.newKeyPrefix();
  const store = new RedisJsonSessionStore(redis.client, { keyPrefix });
  await create(store, ['mine', 'of a newer version', 'broken']);
  const set = (id: string, path: string, value: unknown) =>
    redis.command('JSON.SET', keyPrefix + id, path, JSON.stringify(value));
  await set('an id alone', '$', { session_id: 'an id alone', user_id: 'ada' });
  await set('of another', '$', { session_id: 'mine' });
  await set('a list', '$', [{ session_id: 'a list' }]);
  await set('of a newer version', '$.agent_sessions.schema_version', 2);
  await set('broken', '$.metadata', 'none');
  for (const id of ['an id alone', 'of another', 'a list', 'of a newer version', 'broken']) {
    expect(await failureOf(store.read(id))).toMatchObject({
      code: expect.stringMatching(/^(not_a_session|unsupported_schema)$/),
    });
  }
  expect(await listed(store)).toEqual(['mine']);
});

describe.each([...Object.keys(singleClients), 'openSessionStore(url)'])('D2 On %s', (kind) => {
  testWithOwnServer('a server that restarts while a list is made: all are listed', async () => {
    const server = await startRedisServer({ args: ['--appendonly', 'yes'] });
    endLater(() => server.stop());
    const client = await singleClients[kind]?.(server.url);
    if (client) endLater(client.end);
    const store = client
      ? new RedisJsonSessionStore(client.client, { deadlineMs: 20_000 })
      : await openSessionStore(server.url, { deadlineMs: 20_000 });
    endLater(() => store.close());
    const all = ids(3000);
    await create(store, all);
    for (const after of [600, 1800]) {
      const found = await listed(store, { after, during: () => server.restart() });
      expect(found).toEqual(all.toSorted());
    }
  });
});

const sentinels: Record<
  string,
  (nodes: { host: string; port: number }[]) => Promise<OpenedClient>
> = {
  'node-redis 5': async (sentinelRootNodes) => {
    const client = redis5.createSentinel({
      name: 'mymaster',
      sentinelRootNodes,
      replicaPoolSize: 1,
    });
    client.on('error', () => {});
    await client.connect();
    return { client, end: async () => client.destroy() };
  },
  'node-redis 6': async (sentinelRootNodes) => {
    const client = redis6.createSentinel({
      name: 'mymaster',
      sentinelRootNodes,
      replicaPoolSize: 1,
    });
    client.on('error', () => {});
    await client.connect();
    return { client, end: async () => client.destroy() };
  },
};

testWithOwnServer(
  'C2 a sentinel client that reads replicas lists what the master has',
  async () => {
    const sentinel = await startSentinel();
    endLater(() => sentinel.stop());
    const all = ids(3000);
    for (const [index, open] of Object.values(sentinels).entries()) {
      const { client, end } = await open(
        sentinel.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      );
      const store = new RedisJsonSessionStore(client, { deadlineMs: 20_000 });
      endLater(end);
      if (index === 0) await create(store, all);
      expect(await listed(store)).toEqual(all.toSorted());
    }
  },
);

const clusters: Record<string, (rootNodes: { url: string }[]) => Promise<OpenedClient>> = {
  'node-redis 4': async (rootNodes) => {
    const client = redis4.createCluster({ rootNodes, minimizeConnections: true });
    client.on('error', () => {});
    await client.connect();
    return { client, end: () => client.disconnect() };
  },
  'node-redis 5': async (rootNodes) => {
    const client = redis5.createCluster({ rootNodes, minimizeConnections: true });
    client.on('error', () => {});
    await client.connect();
    return { client, end: async () => client.destroy() };
  },
  'node-redis 6': async (rootNodes) => {
    const client = redis6.createCluster({ rootNodes, minimizeConnections: true });
    client.on('error', () => {});
    await client.connect();
    return { client, end: async () => client.destroy() };
  },
};

describe.each(Object.entries(clusters))('On a cluster, %s', (_kind, open) => {
  let cluster: RedisCluster;
  let opened: OpenedClient;
  beforeAll(async () => {
    if (noOwnServer !== undefined) return;
    cluster = await startCluster();
    opened = await open(cluster.masters.map(({ url }) => ({ url })));
  });
  afterAll(async () => {
    await opened?.end();
    await cluster?.stop();
  });

  /** Moves all keys of the slots of some sessions from a node to another, and the slots. */
  async function move(keys: readonly string[], from: RedisServer, to: RedisServer) {
    const target = String(await ask(to, 'CLUSTER', 'MYID'));
    const source = String(await ask(from, 'CLUSTER', 'MYID'));
    for (const slot of new Set(keys.map((key) => String(slotOf(key))))) {
      await ask(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', source);
      await ask(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', target);
      const there = await ask(from, 'CLUSTER', 'GETKEYSINSLOT', slot, '1000');
      for (const key of Array.isArray(there) ? there.map(String) : []) {
        await ask(from, 'MIGRATE', '127.0.0.1', String(to.port), key, '0', '5000');
      }
      for (const node of cluster.masters) {
        await ask(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', target);
      }
    }
  }

  testWithOwnServer(
    'D2 slots that move while a list is made take no session with them',
    async () => {
      const store = new RedisJsonSessionStore(opened.client, { deadlineMs: 20_000 });
      const all = ids(300);
      await create(store, all);
      const [first, , last] = cluster.masters;
      if (!first || !last) throw new Error('There are too few masters.');
      const onLast = all.map((id) => `session:${id}`).filter((key) => slotOf(key) > 10_923);
      expect(onLast.length).toBeGreaterThan(50);
      // From the node that is to come to the one that was first.
      const moving = onLast.slice(0, 20);
      const there = async (node: RedisServer) => Number(await ask(node, 'DBSIZE'));
      const before = await there(first);
      const found = await listed(store, { during: () => move(moving, last, first) });
      expect(await there(first)).toBeGreaterThanOrEqual(before + moving.length);
      expect(found).toEqual(all.toSorted());
      // And back, while it lists on: nobody told the client.
      expect(await listed(store, { during: () => move(moving, first, last) })).toEqual(
        all.toSorted(),
      );
    },
  );

  testWithOwnServer(
    'C2 a master that is away: the list ends by its deadline, or its signal',
    async () => {
      const store = new RedisJsonSessionStore(opened.client, { deadlineMs: 500 });
      const [, away] = cluster.masters;
      process.kill(away?.pid ?? 0, 'SIGSTOP');
      try {
        expect(await failureOf(listed(store))).toMatchObject({
          code: expect.stringMatching(/^(timeout|connection_failed)$/),
          retryable: true,
        });
        const patient = new RedisJsonSessionStore(opened.client, { deadlineMs: 60_000 });
        const aborting = new AbortController();
        const listing = failureOf(
          (async () => {
            for await (const id of patient.list({ signal: aborting.signal })) void id;
          })(),
        );
        setImmediate(() => aborting.abort());
        expect(await listing).toMatchObject({ code: 'aborted' });
      } finally {
        process.kill(away?.pid ?? 0, 'SIGCONT');
      }
      await until('it is back', () =>
        listed(store).then(
          () => true,
          () => false,
        ),
      );
    },
  );
});
