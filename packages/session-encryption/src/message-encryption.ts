import { damagedMessage, parseSaid, stringifySaid } from '@agent-sessions/session-core';
import type { Message, Said } from '@agent-sessions/session-core';

import { type Envelope, formatEnvelope, parseEnvelope } from './envelope.ts';
import { seal, unseal } from './sealing.ts';
import { type SessionKeys, unknownKey } from './session-keys.ts';

/** Where a message stands: what its envelope is bound to, beside what is readable of it. */
export interface Place {
  readonly sessionId: string;
  /** Index in the history. */
  readonly position: number;
}

/** A message as the store beneath gets it: an envelope as its content, and no item. */
export function encryptMessage(keys: SessionKeys, place: Place, message: Message): Message {
  const { content, item, ...readable } = message;
  const keyId = keys.currentKeyId;
  const key = keys.messageKey(keyId, place.sessionId);
  if (!key) throw new TypeError('The current key is one of the keys.');
  const sealed = seal(key, boundTo(keyId, place, message), stringifySaid({ content, item }));
  const envelope = { keyId, position: place.position, ...sealed };
  return { ...readable, content: formatEnvelope(envelope) };
}

/**
 * The message that {@link encryptMessage} encrypted for this place.
 *
 * @throws SessionError `permission_denied` where its key is unknown, `damaged_message` where it is
 * not that message
 */
export function decryptMessage(keys: SessionKeys, place: Place, stored: Message): Message {
  const { sessionId, position } = place;
  let keyId: string;
  try {
    const envelope = parseEnvelope(stored.content);
    keyId = envelope.keyId;
    if (keys.ids.includes(keyId)) return { ...stored, ...decrypt(keys, place, stored, envelope) };
  } catch (cause) {
    throw damagedMessage(sessionId, position, cause);
  }
  throw unknownKey(`Message ${position}`, sessionId, keyId, `messages[${position}]`);
}

/** What a message claims of itself, which is not to be believed before it is decrypted. */
export function claimsOf({ content }: Message): Pick<Envelope, 'keyId' | 'position'> | undefined {
  try {
    return parseEnvelope(content);
  } catch {
    return undefined;
  }
}

function decrypt(
  keys: SessionKeys,
  place: Place,
  stored: Message,
  { keyId, position, ...sealed }: Envelope,
): Said {
  if (position !== place.position) throw new TypeError(`It was written as message ${position}.`);
  if (stored.item !== undefined) throw new TypeError('It has an item, which no envelope has.');
  const key = keys.messageKey(keyId, place.sessionId);
  if (!key) throw new TypeError('The key is one of the keys.');
  return parseSaid(unseal(key, boundTo(keyId, place, stored), sealed));
}

function boundTo(keyId: string, { sessionId, position }: Place, message: Message): unknown[] {
  const { id, role, timestampMs, agent, tokens } = message;
  return ['enc1', keyId, sessionId, position, id, role, timestampMs, agent, tokens];
}
