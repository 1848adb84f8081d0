import { randomUUID } from 'node:crypto';

import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll } from '@jest/globals';
import { createClient } from 'redis';

/** The Redis of the test run, which Jest's global set-up provides. */
export function testRedisUrl(): string {
  const url = process.env['AGENT_SESSIONS_TEST_REDIS_URL'];
  if (url !== undefined) return url;
  throw new Error('AGENT_SESSIONS_TEST_REDIS_URL is not set; run the tests with npm test.');
}

/**
 * The Redis of the test run, for one test file: connected before its first test, and what its tests
 * wrote removed after the last. `store` is one on the default keys, as the Python class and
 * `JSONSession` use them.
 */
export function useTestRedis(url = testRedisUrl()) {
  const run = randomUUID();
  let names = 0;
  const opened: { close(): Promise<void> }[] = [];
  const client = createClient({ url });
  client.on('error', () => {});
  const command = (...args: string[]): Promise<unknown> => client.sendCommand(args);

  beforeAll(async () => {
    await client.connect();
  });
  afterAll(async () => {
    await Promise.allSettled(opened.map((each) => each.close()));
    for await (const key of client.scanIterator({ MATCH: `*${run}*`, COUNT: 1000 })) {
      await client.unlink(key);
    }
    await client.quit();
  });

  return {
    url,
    client,
    store: new RedisJsonSessionStore(client),
    /** An id that no other test has. */
    newSessionId: () => `test:${run}:${(names += 1)}`,
    /** A prefix of keys that no other test has. */
    newKeyPrefix: () => `test:${run}:${(names += 1)}:`,
    /** Closes what a test has opened, also when the test fails. */
    closeAtEnd<Opened extends { close(): Promise<void> }>(resource: Opened): Opened {
      opened.push(resource);
      return resource;
    },
    command,
    /** The document under a key, read past the driver. */
    async document(key: string): Promise<unknown> {
      const text = await command('JSON.GET', key);
      return typeof text === 'string' ? JSON.parse(text) : undefined;
    },
    /** What stands at a place of the document under a key, read past the driver. */
    async value(key: string, path: string): Promise<unknown> {
      const found: unknown = JSON.parse(String(await command('JSON.GET', key, path)));
      if (Array.isArray(found) && found.length === 1) return found[0];
      throw new TypeError(`There is not one value at ${path} of ${key}.`);
    },
  };
}
