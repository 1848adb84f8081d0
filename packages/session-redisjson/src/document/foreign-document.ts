import { SessionError } from '@agent-sessions/session-core';

/** The version of the document's form that this driver reads and writes. */
const schemaVersion = 1;

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

/**
 * @param store - our member of the document; a session that Python wrote has none
 * @throws SessionError `unsupported_schema` where the document has another form
 */
export function checkSchema(
  sessionId: string,
  store: { readonly schema_version: number } | undefined,
): void {
  if (store && store.schema_version !== schemaVersion) throw unsupportedSchema(sessionId);
}
