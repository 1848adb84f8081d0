import { wrongType } from '@agent-sessions/session-core';

/** The session of a run. */
export interface SessionChoice {
  readonly sessionId: string;
  /**
   * The user whose session it is. Where given, a session of another user is not found.
   * @defaultValue the user that the `AgentsSession` was given
   */
  readonly userId?: string;
}

/**
 * What was chosen, if it is a choice. Anything else would put everybody into one session, or open it
 * to everybody: no id, a user that is `undefined`, a misspelt member, a promise.
 *
 * @throws TypeError `invalid_argument`
 */
export function checkChoice(choice: unknown): SessionChoice {
  const isObject = typeof choice === 'object' && choice !== null && !Array.isArray(choice);
  if (!isObject || choice instanceof Promise) {
    // Should it be rejected, too, this is told already.
    Promise.resolve(choice).catch(() => {});
    throw wrongType('choose', 'must answer { sessionId, userId } at once, and no promise of it.');
  }
  for (const name of Object.keys(choice)) {
    if (name === 'sessionId' || name === 'userId') continue;
    throw wrongType(name, 'is no member of what choose may answer: sessionId and userId.');
  }
  const sessionId = 'sessionId' in choice ? choice.sessionId : undefined;
  if (typeof sessionId !== 'string') {
    throw wrongType('sessionId', 'must be a string: choose says which session the run is in.');
  }
  if (!('userId' in choice)) return { sessionId };
  if (typeof choice.userId === 'string') return { sessionId, userId: choice.userId };
  throw wrongType('userId', 'must be a string; leave it out of what choose answers for none.');
}
