import { testSessionStore } from '@agent-sessions/session-conformance';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { TelemetrySessionStore } from '@agent-sessions/session-telemetry';
import { describe, it } from '@jest/globals';

import { Recording } from './recording.ts';

const { capabilities } = new MemorySessionStore();

testSessionStore(
  { describe, it },
  {
    name: 'with telemetry that nobody listens to',
    capabilities,
    create: () => new TelemetrySessionStore(new MemorySessionStore()),
  },
);

testSessionStore(
  { describe, it },
  {
    name: 'with telemetry that is recorded',
    capabilities,
    create: () => new TelemetrySessionStore(new MemorySessionStore(), new Recording().providers),
  },
);
