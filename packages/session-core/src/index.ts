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
} from './contract/store.ts';
export { newest, roles } from './contract/message.ts';
export type { JsonObject, JsonValue, Message, NewMessage, Role, Said } from './contract/message.ts';
export { Conversation } from './conversation.ts';
export type { CallOptions, CommitOptions, ConversationOptions } from './conversation.ts';
export { archiveHistory } from './histories/archive-history.ts';
export type { ArchiveOptions } from './histories/archive-history.ts';
export { openSessionStore } from './open-session-store.ts';
export type { SessionStoreConfig, SessionStoreDriver } from './open-session-store.ts';
export { outOfRange, SessionError, wrongType } from './contract/errors.ts';
export type { InvalidArgument, SessionErrorCode, SessionErrorDetails } from './contract/errors.ts';

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
} from './driver/contract-arguments.ts';
export {
  aborted,
  conflict,
  damagedMessage,
  operationReused,
  sessionNotFound,
  storeClosed,
} from './driver/refusals.ts';
export type { CheckedCommit, CheckedInit, CheckedQuery } from './driver/contract-arguments.ts';
export {
  applyCommit,
  checkExpectation,
  decideCommit,
  isContinuedBy,
  isFor,
  newSessionState,
  rememberedOperations,
} from './driver/session-state.ts';
export type { Operation, SessionState } from './driver/session-state.schema.ts';
export { parseMessage, parseSaid, stringifyMessage, stringifySaid } from './driver/message-text.ts';
export {
  parseOperation,
  parseSessionState,
  stringifyOperation,
  stringifySessionState,
} from './driver/state-text.ts';
export { canonicalJson, copyJson, copyJsonObject, stringifyJson } from './driver/json.ts';
export { parseJson } from './driver/parse-json.ts';
export type { JsonForm } from './driver/json.ts';
