export type {
  Commit,
  CommitResult,
  CreateResult,
  ImportedSession,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionInit,
  SessionMark,
  SessionMetadata,
  SessionsPage,
  SessionsQuery,
  SessionStore,
  SessionStoreCapabilities,
  SessionSummary,
  SessionUsage,
  StateQuery,
  StateValue,
} from './contract/store.ts';
export { newest, roles } from './contract/message.ts';
export type {
  AnyRole,
  JsonObject,
  JsonValue,
  Message,
  MessageInput,
  NewMessage,
  Role,
  Said,
} from './contract/message.ts';
export { Conversation } from './conversation.ts';
export type { CallOptions, CommitOptions, ConversationOptions } from './conversation.ts';
export { archiveHistory } from './histories/archive-history.ts';
export type { ArchiveOptions } from './histories/archive-history.ts';
export { forkHistory } from './histories/fork-history.ts';
export type { ForkOptions } from './histories/fork-history.ts';
export { rewindHistory } from './histories/rewind-history.ts';
export type { RewindPoint } from './histories/rewind-history.ts';
export { watchHistory } from './histories/watch-history.ts';
export type { WatchOptions } from './histories/watch-history.ts';
export { exportSessions } from './transfer/export-sessions.ts';
export type { ExportOptions, SessionSelection } from './transfer/export-sessions.ts';
export { copySessions, importSessions } from './transfer/import-sessions.ts';
export type { ImportOptions, ImportOutcome, ImportReport } from './transfer/import-sessions.ts';
export { openSessionStore } from './open-session-store.ts';
export type { SessionStoreConfig, SessionStoreDriver } from './open-session-store.ts';
export { statusOf } from './status-of.ts';
export {
  isInvalidArgument,
  isSessionError,
  outOfRange,
  SessionError,
  wrongType,
} from './contract/errors.ts';
export type { InvalidArgument, SessionErrorCode, SessionErrorDetails } from './contract/errors.ts';

// For drivers.
export { checkOptionNames } from './driver/option-names.ts';
export { checkName, checkTtlMs, isStateName } from './driver/checks.ts';
export {
  checkAccess,
  checkInit,
  checkQuery,
  checkSessionId,
  checkStateQuery,
} from './driver/contract-arguments.ts';
export { checkCommit, newOperationId } from './driver/commit-arguments.ts';
export { nothingRead, positionsOf, readResult } from './driver/read-result.ts';
export {
  checkSessionsQuery,
  comparePagePositions,
  cursorAfter,
  pageOfSessions,
} from './driver/sessions-page.ts';
export type { CheckedSessionsQuery, PagePosition } from './driver/sessions-page.ts';
export { addUsage, noUsage, usageNumbers } from './driver/usage.ts';
export {
  aborted,
  answerForgotten,
  conflict,
  damagedMessage,
  damagedValue,
  notProvided,
  operationReused,
  refuseGaps,
  sessionNotFound,
  storeClosed,
  valueConflict,
} from './driver/refusals.ts';
export type { CheckedCommit } from './driver/commit-arguments.ts';
export type { CheckedInit, CheckedQuery, CheckedStateQuery } from './driver/contract-arguments.ts';
export {
  applyCommit,
  checkExpectation,
  decideCommit,
  isContinuedBy,
  isFor,
  newSessionState,
  rememberedOperations,
  selectValues,
  summaryOf,
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
