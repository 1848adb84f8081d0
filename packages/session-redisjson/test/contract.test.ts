import { randomUUID } from 'node:crypto';

import { testSessionStore } from '@agent-sessions/session-conformance';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, describe, it } from '@jest/globals';
import { createClient } from 'redis';

import { testRedisUrl } from './redis-for-tests.ts';

const url = testRedisUrl();
const run = `test:${randomUUID()}`;
let places = 0;

async function connect() {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

afterAll(async () => {
  const client = await connect();
  for await (const key of client.scanIterator({ MATCH: `${run}*`, COUNT: 1000 })) {
    await client.unlink(key);
  }
  await client.quit();
});

testSessionStore(
  { describe, it },
  {
    name: 'RedisJsonSessionStore',
    capabilities: {
      durable: true,
      sharedWriters: true,
      expiry: true,
      state: true,
      sessions: false,
    },
    create: () => {
      const keyPrefix = `${run}:${(places += 1)}:`;
      const clients: Awaited<ReturnType<typeof connect>>[] = [];
      return {
        open: async () => {
          const client = await connect();
          clients.push(client);
          return new RedisJsonSessionStore(client, { keyPrefix });
        },
        dispose: async () => {
          await Promise.all(clients.map((client) => client.quit()));
        },
      };
    },
  },
);
