import { randomUUID } from 'node:crypto';

import { AgentsSession } from '@agent-sessions/agents-adapter';
import { CachingSessionStore } from '@agent-sessions/session-cache';
import type { SessionStore } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll } from '@jest/globals';
import { MemorySession } from '@openai/agents-core';
import { createClient } from 'redis';

import { cloneInOwnRealm } from './own-realm.ts';

cloneInOwnRealm();
process.env['OPENAI_AGENTS_DISABLE_TRACING'] = '1';

/** A store for one test file, and ids that no other test has. */
export interface TestStore {
  readonly store: SessionStore;
  newSessionId(): string;
}

/** What every promise is tested on: `describe.each(stores)`. */
export const stores: readonly { readonly name: string; readonly useStore: () => TestStore }[] = [
  { name: 'RedisJSON', useStore: useRedis },
  { name: 'RedisJSON, cached', useStore: useCachedRedis },
  { name: 'memory', useStore: useMemory },
];

/** A new session, with all that MemorySession can do too. */
export type NewSession = () => AgentsSession | MemorySession;

/** The sessions that must behave alike: ours on every store, and the one that sets the example. */
export const sessions: readonly {
  readonly name: string;
  readonly useSessions: () => NewSession;
}[] = [
  ...stores.map(({ name, useStore }) => ({
    name: `AgentsSession on ${name}`,
    useSessions: () => {
      const { store, newSessionId } = useStore();
      return () => new AgentsSession({ store, sessionId: newSessionId() });
    },
  })),
  { name: 'MemorySession of the SDK', useSessions: () => () => new MemorySession() },
];

function useCachedRedis(): TestStore {
  const { store, newSessionId } = useRedis();
  return { store: new CachingSessionStore(store), newSessionId };
}

function useMemory(): TestStore {
  return { store: new MemorySessionStore(), newSessionId: randomUUID };
}

/** The Redis of the test run, which Jest's global set-up provides. */
export function testRedisUrl(): string {
  const url = process.env['AGENT_SESSIONS_TEST_REDIS_URL'];
  if (url !== undefined) return url;
  throw new Error('AGENT_SESSIONS_TEST_REDIS_URL is not set; run the tests with npm test.');
}

/** Connected before the first test of a file; what its tests wrote is removed after the last. */
export function useRedis(url = testRedisUrl()) {
  const run = randomUUID();
  let ids = 0;
  const client = createClient({ url });
  client.on('error', () => {});

  beforeAll(async () => {
    await client.connect();
  });
  afterAll(async () => {
    for await (const key of client.scanIterator({ MATCH: `*${run}*`, COUNT: 1000 })) {
      await client.unlink(key);
    }
    await client.quit();
  });

  return {
    url,
    store: new RedisJsonSessionStore(client),
    newSessionId: () => `test:${run}:${(ids += 1)}`,
    command: (...args: string[]): Promise<unknown> => client.sendCommand(args),
  };
}
