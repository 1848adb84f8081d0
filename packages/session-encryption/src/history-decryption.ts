import { damagedMessage, positionsOf } from '@agent-sessions/session-core';
import type { Message, ReadResult } from '@agent-sessions/session-core';

import { hasCode } from './contention.ts';
import { claimsOf, decryptMessage } from './message-encryption.ts';
import type { SessionKeys } from './session-keys.ts';

/** Messages that were read, and where they stand. */
export type Run = Pick<ReadResult, 'messages' | 'first' | 'skipped'>;

/**
 * Decrypts messages as they were read, each in its place in the session's history.
 *
 * @throws SessionError `damaged_message` or `permission_denied`, naming the first that is
 */
export function decryptRun(keys: SessionKeys, sessionId: string, run: Run): Message[] {
  const positions = positionsOf(run);
  return run.messages.map((message, index) =>
    decryptMessage(keys, { sessionId, position: positions[index] ?? index }, message),
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

/** Decrypts what can be, and leaves out the rest: of messages that are dropped unread. */
export function decryptReadable(keys: SessionKeys, sessionId: string, run: Run): Message[] {
  const positions = positionsOf(run);
  return run.messages.flatMap((message, index) => {
    try {
      return [decryptMessage(keys, { sessionId, position: positions[index] ?? index }, message)];
    } catch (error) {
      if (hasCode(error, 'damaged_message', 'permission_denied')) return [];
      throw error;
    }
  });
}

/** What stands from an index on. */
export function tailOf(run: Run, from: number): Run {
  const positions = positionsOf(run);
  const at = positions.findIndex((position) => position >= from);
  if (at === -1) return { messages: [], first: null, skipped: [] };
  return { ...run, messages: run.messages.slice(at), first: positions[at] ?? null };
}

/** Messages that stood one after the other, the first where it says. */
export function placedByFirst(messages: readonly Message[]): Run {
  const [head] = messages;
  const first = (head && claimsOf(head)?.position) ?? 0;
  return { messages: [...messages], first, skipped: [] };
}
