import { testSessionStore } from '@agent-sessions/session-conformance';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, it } from '@jest/globals';

testSessionStore(
  { describe, it },
  {
    name: 'MemorySessionStore',
    capabilities: {
      durable: false,
      sharedWriters: false,
      expiry: true,
      state: true,
      sessions: true,
    },
    create: () => new MemorySessionStore(),
  },
);
