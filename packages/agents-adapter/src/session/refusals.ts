import { isSessionError, SessionError } from '@agent-sessions/session-core';
import type { SessionMark } from '@agent-sessions/session-core';

/** The result of a call is to be stored, and the call is not in history: the API takes no such history. */
export function withoutCall(sessionId: string): SessionError {
  return new SessionError(
    'conflict',
    `The result of a call is to be added to session ${JSON.stringify(sessionId)}, and the call is not in its history (any more); nothing was written. History was compacted, cleared or replaced while the run was waiting: begin the turn anew.`,
  );
}

/** The context of a run names another session in the middle of a turn. */
export function notRead(sessionId: string): SessionError {
  return new SessionError(
    'conflict',
    `The context of the run names session ${JSON.stringify(sessionId)} now, and the turn was begun in another; nothing was written. Let one context of a run name one session until its turn is stored.`,
  );
}

/** Repeats what reads and then commits for as long as others commit in between. */
export async function whileInConflict<Result>(
  attempt: (conflict?: SessionError) => Promise<Result>,
): Promise<Result> {
  let conflict: SessionError | undefined;
  for (;;) {
    try {
      return await attempt(conflict);
    } catch (error) {
      // Each conflict is somebody else's success, so this ends.
      if (!isSessionError(error, 'conflict') || error === conflict) throw error;
      conflict = error;
    }
  }
}

/** A mark that no history has: a commit that expects it can only be a repetition. */
export function unattainable(mark: SessionMark | null): SessionMark {
  return { epoch: mark?.epoch ?? '', generation: -1, length: 0, lastId: null };
}

export function isRefusal(error: unknown): boolean {
  return isSessionError(error, 'conflict', 'session_not_found');
}
