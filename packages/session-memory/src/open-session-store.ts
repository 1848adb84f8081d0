import { MemorySessionStore } from './memory-session-store.ts';

/** Opens an empty store in this process. The URL is `memory:`; there are no options. */
export function openSessionStore(_url = 'memory:'): MemorySessionStore {
  return new MemorySessionStore();
}
