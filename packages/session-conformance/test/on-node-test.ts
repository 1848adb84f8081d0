// Run by node-test.test.ts: the kit under node:test, on a store that keeps its promises, on one
// that does not, and on one that cannot be opened.
import { describe, it } from 'node:test';

import { testSessionStore } from '@agent-sessions/session-conformance';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { BoastingStore } from './boasting-store.ts';

const capabilities = {
  durable: false,
  sharedWriters: false,
  expiry: true,
  state: true,
  sessions: true,
};

testSessionStore(
  { describe, it },
  { name: 'good', capabilities, create: () => ({ open: () => new MemorySessionStore() }) },
);

testSessionStore(
  { describe, it: (...args: unknown[]): unknown => Reflect.apply(it, undefined, args) },
  { name: 'boasting', capabilities, create: () => ({ open: () => new BoastingStore() }) },
);

testSessionStore(
  { describe, it },
  { name: 'closed', capabilities, create: () => Promise.reject(new Error('no database')) },
);
