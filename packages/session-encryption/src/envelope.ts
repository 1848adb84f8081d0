import type { JsonValue } from '@agent-sessions/session-core';

/** What stands in the place of a message's content. */
export interface Envelope {
  readonly keyId: string;
  /** The index of the message in its history. */
  readonly position: number;
  /** 12 bytes. */
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  /** 16 bytes. */
  readonly tag: Buffer;
}

const form = /^enc1\.([\w:/-]{1,128})\.(0|[1-9]\d{0,9})\.([\w-]{16})\.([\w-]+)\.([\w-]{22})$/;

/** `enc1.<key id>.<position>.<nonce>.<ciphertext>.<tag>`, the last three as base64url. */
export function formatEnvelope({ keyId, position, ...binary }: Envelope): string {
  const parts = [binary.nonce, binary.ciphertext, binary.tag];
  const texts = parts.map((part) => part.toString('base64url'));
  return ['enc1', keyId, position, ...texts].join('.');
}

/**
 * The envelope that {@link formatEnvelope} wrote, and no other text.
 *
 * @throws TypeError where it is none
 */
export function parseEnvelope(content: JsonValue): Envelope {
  const [, keyId = '', position, ...texts] =
    (typeof content === 'string' && form.exec(content)) || [];
  const [nonce, ciphertext, tag] = texts.map((text) => Buffer.from(text, 'base64url'));
  if (!nonce || !ciphertext || !tag) throw new TypeError('The content is not an envelope.');
  const envelope = { keyId, position: Number(position), nonce, ciphertext, tag };
  // Base64 has several texts for some bytes.
  if (formatEnvelope(envelope) === content) return envelope;
  throw new TypeError('The envelope is not written as it must be.');
}
