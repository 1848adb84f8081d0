import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import {
  damagedMessage,
  parseSaid,
  SessionError,
  stringifySaid,
} from '@agent-sessions/session-core';
import type { Message, Said } from '@agent-sessions/session-core';

import { type Envelope, formatEnvelope, parseEnvelope } from './envelope.ts';
import type { SessionKeys } from './session-keys.ts';

const algorithm = 'aes-256-gcm';
const tagBytes = 16;

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
  const nonce = randomBytes(12);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(boundTo(keyId, place, message));
  const plaintext = stringifySaid({ content, item });
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  const envelope = { keyId, position: place.position, nonce, ciphertext, tag: cipher.getAuthTag() };
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
  throw new SessionError(
    'permission_denied',
    `Message ${position} of session ${JSON.stringify(sessionId)} is encrypted under the key ${JSON.stringify(keyId)}, which is none of \`keys\`; it was left as it is. Open the store with that key, too.`,
    { field: `messages[${position}]` },
  );
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
  { keyId, position, nonce, ciphertext, tag }: Envelope,
): Said {
  if (position !== place.position) throw new TypeError(`It was written as message ${position}.`);
  if (stored.item !== undefined) throw new TypeError('It has an item, which no envelope has.');
  const key = keys.messageKey(keyId, place.sessionId);
  if (!key) throw new TypeError('The key is one of the keys.');
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(boundTo(keyId, place, stored));
  decipher.setAuthTag(tag);
  const plaintext = Buffer.concat([decipher.update(ciphertext), authentic(() => decipher.final())]);
  return parseSaid(plaintext.toString());
}

function authentic<T>(final: () => T): T {
  try {
    return final();
  } catch (cause) {
    const reason =
      'It is not authentic: it was changed or moved, or the key is another than the one it was written with.';
    throw new Error(reason, { cause });
  }
}

/** JSON, so that no two places or messages have the same text. */
function boundTo(keyId: string, { sessionId, position }: Place, message: Message): Buffer {
  const { id, role, timestampMs, agent, tokens } = message;
  const bound = ['enc1', keyId, sessionId, position, id, role, timestampMs, agent, tokens];
  return Buffer.from(JSON.stringify(bound));
}
