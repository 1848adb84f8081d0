import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

import type { Sealed } from './envelope.ts';

const algorithm = 'aes-256-gcm';
const tagBytes = 16;

/**
 * Encrypts a text.
 *
 * @param boundTo - what must be the same to decrypt it; it is not part of what is answered
 */
export function seal(
  key: KeyObject,
  boundTo: readonly unknown[],
  text: string,
): Omit<Sealed, 'keyId'> {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(JSON.stringify(boundTo)));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { nonce, ciphertext, tag: cipher.getAuthTag() };
}

/** The text that {@link seal} has encrypted, bound to the same. @throws Error where it is not that */
export function unseal(
  key: KeyObject,
  boundTo: readonly unknown[],
  { nonce, ciphertext, tag }: Omit<Sealed, 'keyId'>,
): string {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(JSON.stringify(boundTo)));
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  return Buffer.concat([plaintext, authentic(() => decipher.final())]).toString();
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
