import { SessionError } from './errors.ts';
import type { SessionErrorDetails } from './errors.ts';
import type { CheckedCommit } from './contract-arguments.ts';
import type { SessionMark } from './store.ts';

/** The session should be there and is not. */
export function sessionNotFound(sessionId: string): SessionError {
  return new SessionError(
    'session_not_found',
    `There is no such session: ${JSON.stringify(sessionId)}. It has expired or was deleted, another has its id by now, or it belongs to another user; nothing was written. Read it anew, or start one under another id.`,
  );
}

/** History is not the one that the commit was decided on. */
export function conflict(sessionId: string): SessionError {
  return new SessionError(
    'conflict',
    `The history of session ${JSON.stringify(sessionId)} has moved on since it was read; nothing was written. Read it again, decide again, and commit with the new mark.`,
  );
}

/** The operation id names another change. */
export function operationReused(sessionId: string, operationId: string): SessionError {
  return new SessionError(
    'operation_reused',
    `Session ${JSON.stringify(sessionId)} has seen this operation id with another change; nothing was written. Give every change an id of its own.`,
    { operationId },
  );
}

/** A stored message is not what a message must be. It is left where it is. */
export function damagedMessage(sessionId: string, index: number, cause?: unknown): SessionError {
  return new SessionError(
    'damaged_message',
    `Message ${index} of session ${JSON.stringify(sessionId)} cannot be read; it was left as it is. Repair or remove it in the store.`,
    { field: `messages[${index}]`, cause },
  );
}

/**
 * Holds what a commit expects against the session as it is: for drivers that decide in their own
 * process, inside a transaction.
 *
 * @param mark - the session as it is; `null` where there is none for the commit's user
 * @throws SessionError `session_not_found` or `conflict`
 */
export function checkExpectation(
  sessionId: string,
  expect: CheckedCommit['expect'],
  mark: SessionMark | null,
): void {
  if (expect === undefined) return;
  if (expect === null) {
    if (mark !== null) throw conflict(sessionId);
    return;
  }
  if (mark === null || mark.epoch !== expect.epoch) throw sessionNotFound(sessionId);
  if (!('generation' in expect)) return;
  const { generation, length, lastId } = expect;
  if (mark.generation === generation && mark.length === length && mark.lastId === lastId) return;
  throw conflict(sessionId);
}

/** The caller's signal ended the call. */
export function aborted(signal: AbortSignal, details: SessionErrorDetails = {}): SessionError {
  const change =
    details.outcome === 'unknown'
      ? 'Whether it changed anything is not known'
      : 'It changed nothing';
  return new SessionError('aborted', `The call was aborted by its signal. ${change}.`, {
    ...details,
    cause: signal.reason,
  });
}
