import { randomUUID } from 'node:crypto';

import { Conversation } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import type { RedisJsonClient } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as redis4 from 'redis';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';

import {
  type RedisCluster,
  type RedisSentinel,
  startCluster,
  startSentinel,
} from '../../../tools/redis-server/index.ts';
import { testRedisUrl } from './redis-for-tests.ts';

let cluster: RedisCluster;
let sentinel: RedisSentinel;

beforeAll(async () => {
  [cluster, sentinel] = await Promise.all([startCluster(), startSentinel()]);
});
afterAll(async () => {
  await Promise.all([cluster.stop(), sentinel.stop()]);
});

interface Client {
  readonly client: RedisJsonClient;
  isOpen(): boolean;
  end(): Promise<unknown>;
}

const rootNodes = () => cluster.masters.map(({ url }) => ({ url }));
const sentinelOptions = () => ({
  name: sentinel.masterName,
  sentinelRootNodes: sentinel.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
});

/** Opens each kind of client as an application would: that this compiles is a part of the test. */
const clients: Record<string, () => Promise<Client>> = {
  'node-redis 4, single': async () => {
    const client = redis4.createClient({ url: testRedisUrl() });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.quit() };
  },
  'node-redis 4, cluster': async () => {
    const client = redis4.createCluster({ rootNodes: rootNodes() });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.masters.length > 0, end: () => client.quit() };
  },
  'node-redis 5, single, RESP2': async () => {
    const client = redis5.createClient({ url: testRedisUrl(), RESP: 2 });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 5, single, RESP3': async () => {
    const client = redis5.createClient({ url: testRedisUrl(), RESP: 3 });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 5, single, strings mapped to buffers': async () => {
    const client = redis5.createClient({
      url: testRedisUrl(),
      commandOptions: { typeMapping: { [redis5.RESP_TYPES.BLOB_STRING]: Buffer } },
    });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 5, pool': async () => {
    const client = redis5.createClientPool({ url: testRedisUrl() }, { minimum: 1, maximum: 3 });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 5, cluster': async () => {
    const client = redis5.createCluster({ rootNodes: rootNodes() });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 5, sentinel': async () => {
    const client = redis5.createSentinel(sentinelOptions());
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 6, single, RESP2': async () => {
    const client = redis6.createClient({ url: testRedisUrl(), RESP: 2 });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 6, single, RESP3': async () => {
    const client = redis6.createClient({ url: testRedisUrl() });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 6, pool': async () => {
    const client = redis6.createClientPool({ url: testRedisUrl() }, { minimum: 1, maximum: 3 });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 6, cluster': async () => {
    const client = redis6.createCluster({ rootNodes: rootNodes() });
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
  'node-redis 6, sentinel': async () => {
    const client = redis6.createSentinel(sentinelOptions());
    client.on('error', () => {});
    await client.connect();
    return { client, isOpen: () => client.isOpen, end: () => client.close() };
  },
};

describe.each(Object.entries(clients))('F24 %s', (_kind, open) => {
  let opened: Client;
  const keyPrefix = `clients:${randomUUID()}:`;

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(async () => {
    await opened.end();
  });

  test('does everything that a store does', async () => {
    const store = new RedisJsonSessionStore(opened.client, { keyPrefix });
    const conversation = new Conversation({ store, userId: 'ada', ttlMs: 60_000 });
    expect((await conversation.create()).created).toBe(true);
    const { mark } = await conversation.append([{ role: 'user', content: 'Hello', tokens: 1 }]);
    const answer = [{ role: 'assistant' as const, content: ['Hi', { ü: '😀' }], agent: 'A' }];
    const first = await conversation.append(answer, { operationId: 'answer', expect: mark });
    const again = await conversation.append(answer, { operationId: 'answer' });
    expect(again).toMatchObject({ repeated: true, mark: { length: first.mark?.length } });
    await conversation.trackAgent('A');

    expect((await conversation.messages()).map(({ content }) => content)).toEqual([
      'Hello',
      ['Hi', { ü: '😀' }],
    ]);
    expect(await conversation.read({ since: mark ?? undefined })).toMatchObject({
      continues: true,
      messages: [{ role: 'assistant', agent: 'A' }],
    });
    expect(await conversation.messages({ role: 'user', last: 1 })).toHaveLength(1);
    expect(await conversation.pop()).toMatchObject({ role: 'assistant' });
    await conversation.clear();
    expect(await conversation.metadata()).toMatchObject({
      userId: 'ada',
      currentAgent: 'A',
      agentsUsed: ['A'],
      messageCount: 0,
      totalTokens: 0,
      ttlMs: 60_000,
    });
    expect(await idsOf(store)).toEqual([conversation.sessionId]);
    expect(await conversation.delete()).toBe(true);
    expect(await conversation.delete()).toBe(false);
    expect(await idsOf(store)).toEqual([]);
  });

  test('finds many sessions on one connection, and leaves it open', async () => {
    const store = new RedisJsonSessionStore(opened.client, { keyPrefix });
    const sessions = Array.from({ length: 50 }, () => new Conversation({ store }));
    await Promise.all(sessions.map((session) => session.create()));
    expect((await idsOf(store)).toSorted()).toEqual(
      sessions.map(({ sessionId }) => sessionId).toSorted(),
    );
    await Promise.all(sessions.map((session) => session.delete()));
    await store.close();
    expect(opened.isOpen()).toBe(true);
  });
});

test('F24 ten thousand sessions share one connection', async () => {
  const client = redis4.createClient({ url: testRedisUrl() });
  await client.connect();
  const store = new RedisJsonSessionStore(client, { keyPrefix: `clients:${randomUUID()}:` });
  const sessions = Array.from({ length: 10_000 }, () => new Conversation({ store }));
  await Promise.all(
    sessions.map((each) => each.append([{ role: 'user', content: each.sessionId }])),
  );
  const histories = await Promise.all(sessions.map((each) => each.messages()));
  expect(histories.map(([message]) => message?.content)).toEqual(
    sessions.map(({ sessionId }) => sessionId),
  );
  await Promise.all(sessions.map((each) => each.delete()));
  await client.quit();
});

test('F24 a client in legacy mode is refused', () => {
  const client = redis4.createClient({ url: testRedisUrl(), legacyMode: true });
  expect(() => new RedisJsonSessionStore(client)).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'invalid_argument', field: 'client' }),
  );
});

async function idsOf(store: RedisJsonSessionStore): Promise<string[]> {
  const ids = new Set<string>();
  for await (const id of store.list()) ids.add(id);
  return [...ids];
}
