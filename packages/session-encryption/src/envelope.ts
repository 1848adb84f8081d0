import type { JsonValue } from '@agent-sessions/session-core';

/** What was encrypted, and under which key. */
export interface Sealed {
  readonly keyId: string;
  /** 12 bytes. */
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  /** 16 bytes. */
  readonly tag: Buffer;
}

/** What stands in the place of a message's content. */
export interface Envelope extends Sealed {
  /** The index of the message in its history. */
  readonly position: number;
}

const keyIdForm = String.raw`([\w:/-]{1,128})`;
const sealedForm = String.raw`([\w-]{16})\.([\w-]+)\.([\w-]{22})`;
const messageForm = new RegExp(String.raw`^enc1\.${keyIdForm}\.(0|[1-9]\d{0,9})\.${sealedForm}$`);
const valueForm = new RegExp(String.raw`^encv1\.${keyIdForm}\.${sealedForm}$`);

/** `enc1.<key id>.<position>.<nonce>.<ciphertext>.<tag>`, the last three as base64url. */
export function formatEnvelope({ keyId, position, ...sealed }: Envelope): string {
  return ['enc1', keyId, position, ...textsOf(sealed)].join('.');
}

/**
 * The envelope that {@link formatEnvelope} wrote, and no other text.
 *
 * @throws TypeError where it is none
 */
export function parseEnvelope(content: JsonValue): Envelope {
  const [keyId, position, ...texts] = partsOf(content, messageForm);
  const envelope = { ...sealedOf(keyId, texts), position: Number(position) };
  return asWritten(envelope, formatEnvelope(envelope) === content);
}

/** `encv1.<key id>.<nonce>.<ciphertext>.<tag>`: what stands in the place of a named value. */
export function formatValueEnvelope({ keyId, ...sealed }: Sealed): string {
  return ['encv1', keyId, ...textsOf(sealed)].join('.');
}

/**
 * The envelope that {@link formatValueEnvelope} wrote, and no other text.
 *
 * @throws TypeError where it is none
 */
export function parseValueEnvelope(value: JsonValue): Sealed {
  const [keyId, ...texts] = partsOf(value, valueForm);
  const sealed = sealedOf(keyId, texts);
  return asWritten(sealed, formatValueEnvelope(sealed) === value);
}

function textsOf({ nonce, ciphertext, tag }: Omit<Sealed, 'keyId'>): string[] {
  return [nonce, ciphertext, tag].map((part) => part.toString('base64url'));
}

function partsOf(text: JsonValue, form: RegExp): string[] {
  const found = typeof text === 'string' ? form.exec(text) : null;
  if (!found) throw new TypeError('What stands there is not an envelope.');
  return found.slice(1);
}

function sealedOf(keyId = '', texts: readonly string[]): Sealed {
  const [nonce, ciphertext, tag] = texts.map((text) => Buffer.from(text, 'base64url'));
  if (nonce && ciphertext && tag) return { keyId, nonce, ciphertext, tag };
  throw new TypeError('The envelope lacks a part.');
}

/** Base64 has several texts for some bytes. */
function asWritten<T extends Sealed>(envelope: T, isAsWritten: boolean): T {
  if (isAsWritten) return envelope;
  throw new TypeError('The envelope is not written as it must be.');
}
