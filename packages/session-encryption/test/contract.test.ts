import { randomBytes, randomUUID } from 'node:crypto';

import { EncryptedSessionStore } from '@agent-sessions/session-encryption';
import { testSessionStore } from '@agent-sessions/session-conformance';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { createClient } from 'redis';

const options = { keys: { k1: randomBytes(32), k2: randomBytes(32) }, currentKeyId: 'k2' };

testSessionStore(
  { describe, it },
  {
    name: 'encrypted, in memory',
    capabilities: {
      durable: false,
      sharedWriters: false,
      expiry: true,
      state: true,
      sessions: true,
    },
    create: () => ({ open: () => new EncryptedSessionStore(new MemorySessionStore(), options) }),
  },
);

describe('on Redis', () => {
  const run = randomUUID();
  const url = process.env['AGENT_SESSIONS_TEST_REDIS_URL'] ?? '';
  const clients = Array.from({ length: 8 }, () => createClient({ url }).on('error', () => {}));
  let opened = 0;
  let places = 0;

  beforeAll(async () => {
    await Promise.all(clients.map((client) => client.connect()));
  });
  afterAll(async () => {
    const [client] = clients;
    for await (const key of client?.scanIterator({ MATCH: `*${run}*`, COUNT: 1000 }) ?? []) {
      await client?.unlink(key);
    }
    await Promise.all(clients.map((each) => each.quit()));
  });

  testSessionStore(
    { describe, it },
    {
      name: 'encrypted, in RedisJSON',
      capabilities: {
        durable: true,
        sharedWriters: true,
        expiry: true,
        state: true,
        sessions: false,
      },
      create: () => {
        const keyPrefix = `test:${run}:${(places += 1)}:`;
        return {
          open: () => {
            // Stores in turn on clients of their own: writers that know nothing of each other.
            const client = clients[(opened += 1) % clients.length];
            if (!client) throw new Error('There is a client for each remainder.');
            return new EncryptedSessionStore(
              new RedisJsonSessionStore(client, { keyPrefix }),
              options,
            );
          },
        };
      },
    },
  );
});
