import type { Socket } from 'node:net';

import { type NewMessage, SessionError } from '@agent-sessions/session-core';
import { openSessionStore, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';
import * as redis4 from 'redis';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';

import { reasonOf } from '../../../tools/reason.ts';
import { startRelay } from '../../../tools/relay.ts';
import { startCluster } from '../../../tools/redis-server/index.ts';
import { redisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { startFaultyProxy } from '../../../tools/torture/faulty-proxy.ts';
import { until } from '../../../tools/until.ts';
import { slotOf } from '../src/connection/cluster-slot.ts';
import { failureOf } from './failure-of.ts';
import { useTestRedis } from './redis-for-tests.ts';
import { type OpenedClient, singleClients } from './single-clients.ts';

const redis = useTestRedis();
const testWithOwnServer = testUnless(await redisBinaries().then(() => undefined, reasonOf));

const append = (content: string) => {
  const messages: readonly NewMessage[] = [{ role: 'user', content }];
  return { operationId: content.slice(0, 100), append: messages };
};

/** Also where the test fails. */
function endLater(end: () => Promise<unknown>): void {
  redis.closeAtEnd({ close: async () => void (await end()) });
}

const pool = { minimum: 1, maximum: 1 };

/** A store on each kind of client that makes a lost connection again. */
const stores: Record<
  string,
  (url: string) => Promise<{ store: RedisJsonSessionStore; end(): Promise<unknown> }>
> = {
  'openSessionStore(url)': async (url) => {
    const store = await openSessionStore(url, { deadlineMs: 150 });
    return { store, end: () => store.close() };
  },
  ...Object.fromEntries(
    Object.entries(singleClients).map(([kind, open]) => [kind, async (url) => on(await open(url))]),
  ),
  'node-redis 5, pool': async (url) => {
    const client = redis5.createClientPool({ url, socket: { reconnectStrategy: 5 } }, pool);
    client.on('error', () => {});
    await client.connect();
    return on({ client, end: async () => client.destroy() });
  },
  'node-redis 6, pool': async (url) => {
    const client = redis6.createClientPool({ url, socket: { reconnectStrategy: 5 } }, pool);
    client.on('error', () => {});
    await client.connect();
    return on({ client, end: async () => client.destroy() });
  },
};

function on({ client, end }: OpenedClient) {
  return { store: new RedisJsonSessionStore(client, { deadlineMs: 150 }), end };
}

describe.each(Object.entries(stores))(
  'D4 What failed while Redis was away, on %s',
  (kind, open) => {
    test('was never sent, is said not to be made, and is not made when it is back', async () => {
      const proxy = redis.closeAtEnd(await startFaultyProxy(redis.url));
      const { store, end } = await open(proxy.url);
      endLater(end);
      const sessionId = redis.newSessionId();
      await store.commit(sessionId, append('before'));
      await proxy.goAway();
      await failureOf(store.read(sessionId));
      for (const content of ['ghost 1', 'ghost 2', 'ghost 3']) {
        const failure = await failureOf(store.commit(sessionId, append(content)));
        expect(failure).toMatchObject({ outcome: 'not_applied', retryable: true });
        expect((failure as SessionError).code).toMatch(/^(timeout|connection_failed)$/);
      }
      const aborting = new AbortController();
      const signal = aborting.signal;
      const aborted = failureOf(store.commit(sessionId, { ...append('ghost 4'), signal }));
      const deleted = failureOf(store.delete(sessionId));
      aborting.abort();
      expect(await aborted).toMatchObject({ code: 'aborted', outcome: 'not_applied' });
      expect(await deleted).toMatchObject({ outcome: 'not_applied' });

      await proxy.comeBack();
      await until('it works again', async () => {
        const answer = await store.commit(sessionId, append('after')).catch(() => undefined);
        return answer !== undefined;
      });
      const stored = await redis.value(`session:${sessionId}`, '$.messages');
      expect(stored).toMatchObject([{ content: 'before' }, { content: 'after' }]);
    });

    test('waited behind what the network did not take, and is not made on the next connection', async () => {
      const relay = await startStoppingRelay();
      const { store, end } = await open(relay.url);
      endLater(end);
      const sessionId = redis.newSessionId();
      await store.commit(sessionId, append('before'));
      relay.stop();
      // More than sockets and kernels keep: the rest of it waits in the process, and all behind it.
      const large = failureOf(store.commit(sessionId, append('large '.repeat(3_000_000))));
      const small = ['ghost 1', 'ghost 2'].map((each) => store.commit(sessionId, append(each)));
      const failures = await Promise.all([large, ...small.map(failureOf)]);
      for (const failure of failures) expect(failure).toMatchObject({ retryable: true });
      // Version 4 does not tell what it keeps while it is connected.
      const isTold = !kind.startsWith('node-redis 4') && !kind.startsWith('open');
      const [, ...ofSmall] = failures;
      for (const each of isTold ? ofSmall : [])
        expect(each).toMatchObject({ outcome: 'not_applied' });

      relay.cut();
      await until('it works again', async () => {
        const answer = await store.commit(sessionId, append('after')).catch(() => undefined);
        return answer !== undefined;
      });
      const stored = await redis.value(`session:${sessionId}`, '$.messages');
      expect(stored).toMatchObject([{ content: 'before' }, { content: 'after' }]);
    });
  },
);

/** A relay that can stop taking what the clients send that there are, and cut them off. */
async function startStoppingRelay() {
  const clients: Socket[] = [];
  const relay = await startRelay(redis.url, (client, server) => {
    client.pipe(server).pipe(client);
    clients.push(client);
  });
  redis.closeAtEnd(relay);
  return {
    url: relay.url,
    stop() {
      for (const client of clients) client.unpipe().pause();
    },
    cut() {
      for (const client of clients.splice(0)) client.destroy();
    },
  };
}

const clusters: Record<string, (rootNodes: { url: string }[]) => Promise<OpenedClient>> = {
  'node-redis 4': async (rootNodes) => {
    const client = redis4.createCluster({ rootNodes });
    client.on('error', () => {});
    await client.connect();
    return { client, end: () => client.disconnect() };
  },
  'node-redis 5': async (rootNodes) => {
    const client = redis5.createCluster({ rootNodes });
    client.on('error', () => {});
    await client.connect();
    return { client, end: async () => client.destroy() };
  },
  'node-redis 6': async (rootNodes) => {
    const client = redis6.createCluster({ rootNodes });
    client.on('error', () => {});
    await client.connect();
    return { client, end: async () => client.destroy() };
  },
};

testWithOwnServer('D4 nor is it on a cluster whose node was away', async () => {
  const cluster = await startCluster();
  endLater(() => cluster.stop());
  const [node] = cluster.masters;
  // In the first third of the slots: that node's.
  const sessionId = 'of the first node: 5';
  expect(slotOf(`session:${sessionId}`)).toBeLessThan(5000);
  for (const [kind, open] of Object.entries(clusters)) {
    const { store, end } = on(await open(cluster.masters.map(({ url }) => ({ url }))));
    endLater(end);
    await store.commit(sessionId, append(`before, on ${kind}`));
    process.kill(node?.pid ?? 0, 'SIGKILL');
    await until('the client has found out', async () => {
      const failure = await failureOf(store.commit(sessionId, append(`ghost, on ${kind}`)));
      return failure instanceof SessionError && failure.outcome === 'not_applied';
    });
    await node?.restart();
    await until('it works again', async () => {
      const after = append(`after, on ${kind}`);
      return store.commit(sessionId, after).then(
        () => true,
        () => false,
      );
    });
    const { messages } = await store.read(sessionId);
    expect(messages.map(({ content }) => content)).toEqual([`after, on ${kind}`]);
    await store.delete(sessionId);
  }
});
