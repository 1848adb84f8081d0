export { MemorySessionStore } from './memory-session-store.ts';
export { openSessionStore } from './open-session-store.ts';
