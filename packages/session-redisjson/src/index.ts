export { RedisJsonSessionStore } from './redisjson-session-store.ts';
export type { RedisJsonSessionStoreOptions } from './redisjson-session-store.ts';
export { openSessionStore } from './open-session-store.ts';
export type { OpenSessionStoreOptions } from './open-session-store.ts';
export { JSONSession } from './json-session.ts';
export type { AgentInput, JSONSessionMessage, JSONSessionOptions } from './json-session.ts';
export type { Confirmation } from './connection/confirmation.ts';
export type { RedisJsonClient } from './connection/redis-client.ts';
export type { LongSession } from './document/session-limits.ts';
