export type {
  Commit,
  CommitResult,
  CreateResult,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionInit,
  SessionMark,
  SessionMetadata,
  SessionStore,
  SessionStoreCapabilities,
} from './store.ts';
export { Message, newest, parseMessage, Role, roles, stringifyMessage } from './message.ts';
export type { JsonObject, JsonValue, NewMessage } from './message.ts';
export { Conversation } from './conversation.ts';
export type { CallOptions, CommitOptions, ConversationOptions } from './conversation.ts';
export { archiveHistory } from './archive-history.ts';
export type { ArchiveOptions } from './archive-history.ts';
export { openSessionStore } from './open-session-store.ts';
export type { SessionStoreConfig, SessionStoreDriver } from './open-session-store.ts';
export { outOfRange, SessionError, wrongType } from './errors.ts';
export type { InvalidArgument, SessionErrorCode, SessionErrorDetails } from './errors.ts';

// For drivers.
export {
  checkAccess,
  checkCommit,
  checkInit,
  checkName,
  checkQuery,
  checkSessionId,
  checkTtlMs,
  newOperationId,
} from './contract-arguments.ts';
export {
  aborted,
  checkExpectation,
  conflict,
  damagedMessage,
  operationReused,
  sessionNotFound,
} from './refusals.ts';
export type { CheckedCommit, CheckedInit, CheckedQuery } from './contract-arguments.ts';
export {
  applyCommit,
  decideCommit,
  isContinuedBy,
  isFor,
  newSessionState,
  Operation,
  rememberedOperations,
  SessionState,
} from './session-state.ts';
export { canonicalJson, copyJson, copyJsonObject, parseJson, stringifyJson } from './json.ts';
export type { JsonForm } from './json.ts';
