import { damagedMessage } from '@agent-sessions/session-core';
import type { Message } from '@agent-sessions/session-core';

import { claimsOf, decryptMessage } from './message-encryption.ts';
import type { SessionKeys } from './session-keys.ts';

/**
 * Decrypts messages that stand one after the other in a session's history.
 *
 * @param first - index of the first of them
 * @throws SessionError `damaged_message` or `permission_denied`, naming the first that is
 */
export function decryptRun(
  keys: SessionKeys,
  sessionId: string,
  first: number,
  messages: readonly Message[],
): Message[] {
  return messages.map((message, index) =>
    decryptMessage(keys, { sessionId, position: first + index }, message),
  );
}

/**
 * Decrypts messages that were picked from a session's history, in order: each stands where its
 * envelope says. That none was left out cannot be seen.
 *
 * @param length - of the history
 * @throws SessionError `damaged_message` or `permission_denied`
 */
export function decryptPicked(
  keys: SessionKeys,
  sessionId: string,
  length: number,
  messages: readonly Message[],
): Message[] {
  let next = 0;
  return messages.map((message) => {
    const position = claimsOf(message)?.position ?? next;
    if (position < next || position >= length) throw damagedMessage(sessionId, position);
    next = position + 1;
    return decryptMessage(keys, { sessionId, position }, message);
  });
}
