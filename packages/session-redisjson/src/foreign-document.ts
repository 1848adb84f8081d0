import { SessionError } from '@agent-sessions/session-core';

/** The version of the document's form that this driver reads and writes. */
export const schemaVersion = 1;

/** The key holds something that is no session's document. */
export function notASession(sessionId: string): SessionError {
  return new SessionError(
    'not_a_session',
    `The key of session ${JSON.stringify(sessionId)} holds something else; it was left as it is. Use another key prefix or session id.`,
  );
}

/** The document has a form that is not known yet. */
export function unsupportedSchema(sessionId: string): SessionError {
  return new SessionError(
    'unsupported_schema',
    `Session ${JSON.stringify(sessionId)} was written by a newer version of @agent-sessions/session-redisjson; nothing was changed. Update this application's.`,
  );
}
