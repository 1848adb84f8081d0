import { setTimeout as sleep } from 'node:timers/promises';

import { aborted, SessionError, type SessionErrorCode } from '@agent-sessions/session-core';

const maxPauseMs = 100;

/** Waits a random time, which grows from try to try: of many writers, some are out of the way. */
export async function pauseBefore(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const pauseMs = Math.random() * Math.min(2 ** attempt, maxPauseMs);
  await sleep(pauseMs, undefined, { signal }).catch((error: unknown) => {
    throw signal?.aborted ? aborted(signal) : error;
  });
}

/** Somebody else was quicker, again and again. */
export function movedOnTooOften(sessionId: string, operationId: string): SessionError {
  return new SessionError(
    'unavailable',
    `Others write to session ${JSON.stringify(sessionId)} without a pause; nothing was written. Commit again, with the same operation id.`,
    { retryable: true, operationId },
  );
}

/** By its code alone: the store may have a copy of session-core of its own. */
export function hasCode(error: unknown, ...codes: readonly SessionErrorCode[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
