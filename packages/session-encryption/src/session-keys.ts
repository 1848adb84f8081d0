import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { types } from 'node:util';

import { outOfRange, SessionError, wrongType } from '@agent-sessions/session-core';

import { BoundedMap } from './bounded-map.ts';

/** The keys that messages and named values are encrypted under. */
export interface EncryptionKeys {
  /**
   * Master keys by their ids: 32 random bytes each. An id is 1 to 128 letters, digits and `_-:/`; it
   * stands readable in all that is encrypted. Leave a key in until nothing is encrypted under it.
   */
  readonly keys: Readonly<Record<string, Uint8Array>>;
  /** The id of the key that what is new is encrypted under. */
  readonly currentKeyId: string;
}

const keyBytes = 32;
const label = 'agent-sessions/session-encryption/1';
/** Deriving a key takes microseconds: remembering them matters to busy sessions only. */
const maxDerivedKeys = 2000;

/** For every session keys of its own, derived from the master keys. */
export class SessionKeys {
  readonly currentKeyId: string;
  /** The ids of all keys, the current one first. */
  readonly ids: readonly string[];
  readonly #masterKeys = new Map<string, KeyObject>();
  readonly #derivedKeys = new BoundedMap<string, KeyObject>(maxDerivedKeys);

  /** @throws TypeError or RangeError `invalid_argument` */
  constructor({ keys, currentKeyId }: EncryptionKeys) {
    if (typeof keys !== 'object' || keys === null) {
      throw wrongType('keys', 'must be an object: master keys by their ids.');
    }
    for (const [id, key] of Object.entries(keys)) this.#masterKeys.set(id, checkKey(id, key));
    if (typeof currentKeyId !== 'string') throw wrongType('currentKeyId', 'must be a string.');
    if (!this.#masterKeys.has(currentKeyId)) {
      throw outOfRange('currentKeyId', 'must be the id of one of `keys`.');
    }
    this.currentKeyId = currentKeyId;
    this.ids = [...new Set([currentKeyId, ...this.#masterKeys.keys()])];
  }

  /** The key of a session's named values; `undefined` where there is no master key of this id. */
  valueKey(keyId: string, sessionId: string): KeyObject | undefined {
    return this.#derive('value', keyId, sessionId);
  }

  /** The key of a session's messages; `undefined` where there is no master key of this id. */
  messageKey(keyId: string, sessionId: string): KeyObject | undefined {
    return this.#derive('message', keyId, sessionId);
  }

  /** Stands for the content of a commit without giving it away, not even to somebody who guesses. */
  intent(keyId: string, sessionId: string, fingerprint: string): string {
    const key = this.#derive('intent', keyId, sessionId);
    if (key === undefined) throw outOfRange('keyId', 'must be the id of one of `keys`.');
    return createHmac('sha256', key).update(fingerprint).digest('base64url');
  }

  #derive(purpose: string, keyId: string, sessionId: string): KeyObject | undefined {
    const masterKey = this.#masterKeys.get(keyId);
    if (masterKey === undefined) return undefined;
    const name = `${purpose} ${keyId} ${sessionId}`;
    const known = this.#derivedKeys.get(name);
    if (known !== undefined) return known;
    // A session id may be longer than the 1,024 bytes of info that Node allows.
    const session = createHash('sha256').update(sessionId).digest('hex');
    const info = `${label}/${purpose}/${session}`;
    const key = createSecretKey(Buffer.from(hkdfSync('sha256', masterKey, '', info, keyBytes)));
    this.#derivedKeys.set(name, key);
    return key;
  }
}

/** Something is encrypted under a key that is not there. */
export function unknownKey(
  what: string,
  sessionId: string,
  keyId: string,
  field: string,
): SessionError {
  return new SessionError(
    'permission_denied',
    `${what} of session ${JSON.stringify(sessionId)} is encrypted under the key ${JSON.stringify(keyId)}, which is none of \`keys\`; it was left as it is. Open the store with that key, too.`,
    { field },
  );
}

function checkKey(id: string, key: unknown): KeyObject {
  const field = /^[A-Za-z_]\w*$/.test(id) ? `keys.${id}` : `keys[${JSON.stringify(id)}]`;
  if (!/^[\w:/-]{1,128}$/.test(id)) {
    throw outOfRange(field, 'has an id that is not 1 to 128 letters, digits and _-:/.');
  }
  if (!types.isUint8Array(key)) throw wrongType(field, 'must be a Uint8Array.');
  if (key.length !== keyBytes) {
    throw outOfRange(field, `has ${key.length} bytes, and must have ${keyBytes}.`);
  }
  return createSecretKey(key);
}
