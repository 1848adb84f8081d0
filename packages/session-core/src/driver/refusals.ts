import { SessionError } from '../contract/errors.ts';
import type { SessionErrorDetails } from '../contract/errors.ts';

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

/** A named value is not the one that the commit was decided on. */
export function valueConflict(sessionId: string, name: string): SessionError {
  return new SessionError(
    'conflict',
    `The value \`${name}\` of session ${JSON.stringify(sessionId)} has another revision than expected; nothing was written. Read it again, decide again, and commit with the new revision.`,
    { field: `expectState.${name}` },
  );
}

/** What the operation answered is no longer known. */
export function answerForgotten(sessionId: string, operationId: string): SessionError {
  return new SessionError(
    'answer_forgotten',
    `Session ${JSON.stringify(sessionId)} has made this change, and no longer remembers which messages it dropped; nothing was changed. Repeat a change sooner, or read the session to see how it stands.`,
    { operationId },
  );
}

/** The driver does not have what was asked for. */
export function notProvided(what: string): SessionError {
  return new SessionError(
    'missing_capability',
    `This store has no ${what}: see its capabilities. Use a store that has, such as session-redisjson.`,
  );
}

/** A message that a caller named is not in the history. */
export function messageGone(sessionId: string): SessionError {
  return new SessionError(
    'conflict',
    `The message is not in the history of session ${JSON.stringify(sessionId)}: it was dropped or compacted, or is of another session; nothing was written. Read the history again, and name one of its messages.`,
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
    `Message ${index} of session ${JSON.stringify(sessionId)} cannot be read; it was left as it is. Repair or remove it in the store; to drop it with what is dropped, say dropUnreadable.`,
    { field: `messages[${index}]`, cause },
  );
}

/**
 * What cannot be read is neither rewritten nor passed on as if it were all.
 *
 * @param skipped - indices of what was left out of a read
 * @throws SessionError `damaged_message`
 */
export function refuseGaps(sessionId: string, skipped: readonly number[]): void {
  const [index] = skipped;
  if (index !== undefined) throw damagedMessage(sessionId, index);
}

/** A named value is not what it must be. It is left as it is. */
export function damagedValue(sessionId: string, name: string, cause?: unknown): SessionError {
  return new SessionError(
    'damaged_message',
    `The value \`${name}\` of session ${JSON.stringify(sessionId)} cannot be read; it was left as it is. Repair it in the store, or set it anew.`,
    { field: `state.${name}`, cause },
  );
}

/** The store was closed before the call. */
export function storeClosed(): SessionError {
  return new SessionError('closed', 'The store was closed. Open another one to go on.');
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
