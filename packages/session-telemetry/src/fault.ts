import { isSessionError } from '@agent-sessions/session-core';

/** What is told of an error: its code, and what became of the change. Not its message. */
export function faultOf(error: unknown): Readonly<Record<string, string>> {
  if (isSessionError(error)) {
    return { 'error.type': error.code, 'agent_sessions.outcome': error.outcome };
  }
  return { 'error.type': codeOf(error) };
}

function codeOf(error: unknown): string {
  const isInvalid =
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'invalid_argument';
  if (isInvalid) return 'invalid_argument';
  // As the semantic conventions of OpenTelemetry have it for what is not known.
  return '_OTHER';
}
