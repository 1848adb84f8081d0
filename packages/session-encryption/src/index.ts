export { EncryptedSessionStore } from './encrypted-session-store.ts';
export type { ReencryptOptions } from './encrypted-session-store.ts';
export type { EncryptionKeys } from './session-keys.ts';
