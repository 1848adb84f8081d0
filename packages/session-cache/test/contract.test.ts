import { CachingSessionStore } from '@agent-sessions/session-cache';
import { testSessionStore } from '@agent-sessions/session-conformance';
import type { Commit, CommitResult } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { describe, it } from '@jest/globals';

import { useTestRedis } from '../../session-redisjson/test/redis-for-tests.ts';

/** Knows every history as it was after each commit, so that each read finds something kept. */
class KnowingStore extends CachingSessionStore {
  override async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    const result = await super.commit(sessionId, commit);
    await this.read(sessionId);
    return result;
  }
}

for (const [name, Store] of Object.entries({ cached: CachingSessionStore, known: KnowingStore })) {
  testSessionStore(
    { describe, it },
    {
      name: `${name}, in memory`,
      capabilities: {
        durable: false,
        sharedWriters: false,
        expiry: true,
        state: true,
        sessions: true,
      },
      create: () => new Store(new MemorySessionStore()),
    },
  );
}

describe('On Redis,', () => {
  const redis = useTestRedis();
  for (const [name, Store] of Object.entries({
    cached: CachingSessionStore,
    known: KnowingStore,
  })) {
    testSessionStore(
      { describe, it },
      {
        name,
        capabilities: {
          durable: true,
          sharedWriters: true,
          expiry: true,
          state: true,
          sessions: false,
        },
        create: () => {
          const keyPrefix = redis.newKeyPrefix();
          // Each with a cache of its own, as in processes of their own.
          return { open: () => new Store(new RedisJsonSessionStore(redis.client, { keyPrefix })) };
        },
      },
    );
  }
});
