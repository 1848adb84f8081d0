export { CachingSessionStore } from './caching-session-store.ts';
export type { CachingSessionStoreOptions } from './caching-session-store.ts';
