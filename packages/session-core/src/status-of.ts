import { isInvalidArgument, isSessionError, type SessionErrorCode } from './contract/errors.ts';

/** The status of each code that is not a fault of the server. */
const statuses: Readonly<Partial<Record<SessionErrorCode, number>>> = {
  session_not_found: 404,
  conflict: 409,
  operation_reused: 409,
  answer_forgotten: 409,
  session_full: 413,
  unstorable_value: 422,
  damaged_export: 422,
  missing_capability: 501,
  connection_failed: 503,
  unavailable: 503,
  unconfirmed: 503,
  closed: 503,
  timeout: 504,
};

/**
 * The status of HTTP for an error of a session, for a server that answers requests with sessions:
 * 400 for a bad argument, 404 for a session that is not there, 409 where others were faster, 503 and
 * 504 where the store is not to be had, 500 for everything else.
 */
export function statusOf(error: unknown): number {
  if (isSessionError(error)) return statuses[error.code] ?? 500;
  return isInvalidArgument(error) ? 400 : 500;
}
