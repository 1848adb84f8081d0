// Run by node-test.test.ts: the kit under node:test, on a store that keeps its promises and on one
// that does not.
import { describe, it } from 'node:test';

import { testSessionStore } from '@agent-sessions/session-conformance';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { BoastingStore } from './boasting-store.ts';

const capabilities = { durable: false, sharedWriters: false, expiry: true };

testSessionStore(
  { describe, it },
  { name: 'good', capabilities, create: () => ({ open: () => new MemorySessionStore() }) },
);

testSessionStore(
  { describe, it: (...args: unknown[]): unknown => Reflect.apply(it, undefined, args) },
  { name: 'boasting', capabilities, create: () => ({ open: () => new BoastingStore() }) },
);
