import { isInvalidArgument, isSessionError } from '@agent-sessions/session-core';

/** What is told of an error: its code, and what became of the change. Not its message. */
export function faultOf(error: unknown): Readonly<Record<string, string>> {
  if (isSessionError(error)) {
    return { 'error.type': error.code, 'agent_sessions.outcome': error.outcome };
  }
  // As the semantic conventions of OpenTelemetry have it for what is not known.
  return { 'error.type': isInvalidArgument(error) ? 'invalid_argument' : '_OTHER' };
}
