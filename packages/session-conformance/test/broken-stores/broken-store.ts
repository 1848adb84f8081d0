import { MemorySessionStore } from '@agent-sessions/session-memory';
import { checkCommit } from '@agent-sessions/session-core';
import type { Commit, SessionStore, SessionStoreCapabilities } from '@agent-sessions/session-core';

import type { StoreUnderTest } from '@agent-sessions/session-conformance';

import { SharingStore } from '../sharing-store.ts';

/** A good commit that nobody changes while something else is awaited. */
export function detached(commit: Commit): Commit {
  return { ...commit, append: checkCommit(commit).append, state: structuredClone(commit.state) };
}

/** A store that does not keep its promises, and which they are. */
export interface BrokenStore {
  readonly name: string;
  readonly breaks: readonly string[];
  /** @defaultValue all */
  readonly capabilities?: SessionStoreCapabilities;
  create(): StoreUnderTest;
}

/** What it does wrong is done in the memory that its stores share, as in a database. */
export function broken(
  name: string,
  breaks: string | readonly string[],
  Memory: new () => MemorySessionStore,
): BrokenStore {
  return {
    name,
    breaks: [breaks].flat(),
    create() {
      const memory = new Memory();
      return { open: () => new SharingStore(memory) };
    },
  };
}

/** What it does wrong is done in each store. */
export function brokenEach(
  name: string,
  breaks: string | readonly string[],
  Store: new (memory: MemorySessionStore) => SessionStore,
): BrokenStore {
  return {
    name,
    breaks: [breaks].flat(),
    create() {
      const memory = new MemorySessionStore();
      return { open: () => new Store(memory) };
    },
  };
}
