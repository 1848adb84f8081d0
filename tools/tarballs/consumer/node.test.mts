// The test of somebody who wrote a driver. For Vitest, only the name of the runner is another.
import { describe, it } from 'node:test';

import { testSessionStore } from '@agent-sessions/session-conformance';
import { MemorySessionStore } from '@agent-sessions/session-memory';

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
    create: () => ({ open: () => new MemorySessionStore() }),
  },
);
