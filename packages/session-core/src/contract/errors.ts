/** The reasons for which a session operation fails. Codes are stable; messages are not. */
export type SessionErrorCode =
  /** The expected session is gone, is another by now, or belongs to another user. */
  | 'session_not_found'
  /** History has moved on since the state that the commit was decided on. */
  | 'conflict'
  /** The operation id was used before, for another change. */
  | 'operation_reused'
  /** The operation was made, and what it answered as dropped is no longer remembered. */
  | 'answer_forgotten'
  /** There is no room for the messages under the maximum that the store was given. */
  | 'session_full'
  /** A value that JSON cannot carry. */
  | 'unstorable_value'
  /** The place of the session holds something else. */
  | 'not_a_session'
  /** The session was written by a newer version of this library. */
  | 'unsupported_schema'
  /** The lines of an export are torn or were changed. */
  | 'damaged_export'
  /** A stored message cannot be read. */
  | 'damaged_message'
  /** The server or the driver lacks what is needed, such as the JSON module. */
  | 'missing_capability'
  /** The server does not let this user do it. */
  | 'permission_denied'
  /** The server cannot be reached. */
  | 'connection_failed'
  /** The caller's signal ended the call. */
  | 'aborted'
  /** No answer within the deadline. */
  | 'timeout'
  /** The server answers, but will not write now: out of memory, read only, loading. */
  | 'unavailable'
  /** The commit was made, but not as safely as the store was told to make it. */
  | 'unconfirmed'
  /** The store was closed. */
  | 'closed'
  /** No driver serves this URL, or its package is not installed. */
  | 'driver_not_found'
  /** The server reported something else; see `cause`. */
  | 'store_failed';

/** @see {@link SessionError} */
export interface SessionErrorDetails {
  /** What became of the change. @defaultValue `'not_applied'` */
  readonly outcome?: 'not_applied' | 'unknown' | undefined;
  /** Repeating the call as it is may succeed, and does no harm. @defaultValue false */
  readonly retryable?: boolean | undefined;
  /** The operation id to repeat a commit with. */
  readonly operationId?: string | undefined;
  /** The argument or the stored value at fault, as a path: `append[2].content.parts[0]`. */
  readonly field?: string | undefined;
  readonly cause?: unknown;
}

/**
 * What went wrong with a session, at run time. Branch on `code`. Carries no content of a
 * conversation. A mistake of the caller is a TypeError or RangeError instead, see
 * {@link InvalidArgument}.
 */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;
  /** `'unknown'`: the change may have been made; repeat it with the same operation id. */
  readonly outcome: 'not_applied' | 'unknown';
  readonly retryable: boolean;
  readonly operationId: string | undefined;
  readonly field: string | undefined;

  constructor(code: SessionErrorCode, message: string, details: SessionErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.outcome = details.outcome ?? 'not_applied';
    this.retryable = details.retryable ?? false;
    this.operationId = details.operationId;
    this.field = details.field;
  }
}

/** Whether an error is a {@link SessionError} with one of these codes. */
export function isSessionError(
  error: unknown,
  ...codes: readonly SessionErrorCode[]
): error is SessionError {
  return error instanceof SessionError && (codes.length === 0 || codes.includes(error.code));
}

/** What a TypeError or RangeError about an argument carries, as Node's own errors carry a code. */
export interface InvalidArgument {
  readonly code: 'invalid_argument';
  /** The argument at fault, as a path: `append[2].tokens`. */
  readonly field: string;
}

/** Whether an error is about an argument of the caller; by its code, as Node's own errors are told. */
export function isInvalidArgument(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'invalid_argument'
  );
}

/** The argument has the wrong type. */
export function wrongType(field: string, advice: string): TypeError & InvalidArgument {
  return Object.assign(new TypeError(`${field} ${advice}`), argumentFault(field));
}

/** The argument has the right type and a value that makes no sense. */
export function outOfRange(field: string, advice: string): RangeError & InvalidArgument {
  return Object.assign(new RangeError(`${field} ${advice}`), argumentFault(field));
}

function argumentFault(field: string): InvalidArgument {
  return { code: 'invalid_argument', field };
}
