// A driver of somebody else, which is installed as the module `own-driver`.
import assert from 'node:assert/strict';

import type { SessionStore } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

export function openSessionStore(
  url: string,
  options: Readonly<Record<string, unknown>>,
): SessionStore {
  assert.deepEqual({ url, ...options }, { url: 'own:sessions', colour: 'blue' });
  return new MemorySessionStore();
}
