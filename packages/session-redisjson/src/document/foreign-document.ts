import { SessionError } from '@agent-sessions/session-core';

import type { OurMember } from './replies.schema.ts';
import { isOurMember, isVersioned } from './replies.validators.ts';

/** The version of the document's form that this driver reads and writes. */
const schemaVersion = 1;

/**
 * The key holds something that is no session's document.
 *
 * @param member - of the document, where that alone is somebody else's
 */
export function notASession(sessionId: string, member?: string): SessionError {
  const where = member === undefined ? '' : `, by its member ${member},`;
  return new SessionError(
    'not_a_session',
    `The key of session ${JSON.stringify(sessionId)} holds something else${where} and was left as it is. Use another key prefix or session id${member === undefined ? '' : ', or move that member'}.`,
    { field: member },
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
 * Our member of a document; `undefined` for a session that Python wrote and that had no commit here.
 *
 * @param found - what the path of the member found
 * @throws SessionError `not_a_session` where it is somebody else's, `unsupported_schema` where it
 * has a form that is not known yet
 */
export function parseOurMember(
  sessionId: string,
  found: readonly unknown[],
): OurMember | undefined {
  if (found.length === 0) return undefined;
  const [ours] = found;
  if (isVersioned(ours) && ours.schema_version !== schemaVersion) {
    throw unsupportedSchema(sessionId);
  }
  if (!isOurMember(ours)) throw notASession(sessionId, 'agent_sessions');
  return ours;
}
