import { copyJson, damagedValue, parseJson, stringifyJson } from '@agent-sessions/session-core';
import type { JsonValue } from '@agent-sessions/session-core';

import { formatValueEnvelope, parseValueEnvelope, type Sealed } from './envelope.ts';
import { seal, unseal } from './sealing.ts';
import { type SessionKeys, unknownKey } from './session-keys.ts';

/** The name of a value, and the session it belongs to: what its envelope is bound to. */
export interface ValuePlace {
  readonly sessionId: string;
  readonly name: string;
}

/** A named value as the store beneath gets it: an envelope. */
export function encryptValue(keys: SessionKeys, place: ValuePlace, value: JsonValue): string {
  const keyId = keys.currentKeyId;
  const key = keys.valueKey(keyId, place.sessionId);
  if (!key) throw new TypeError('The current key is one of the keys.');
  return formatValueEnvelope({ keyId, ...seal(key, boundTo(keyId, place), stringifyJson(value)) });
}

/**
 * The value that {@link encryptValue} encrypted for this place.
 *
 * @throws SessionError `permission_denied` where its key is unknown, `damaged_message` where it is
 * not that value
 */
export function decryptValue(keys: SessionKeys, place: ValuePlace, stored: JsonValue): JsonValue {
  const { sessionId, name } = place;
  let keyId: string;
  try {
    const { keyId: id, ...sealed } = parseValueEnvelope(stored);
    keyId = id;
    const key = keys.valueKey(keyId, sessionId);
    if (key) {
      const text = unseal(key, boundTo(keyId, place), sealed);
      return copyJson(parseJson(text), `state.${name}`);
    }
  } catch (cause) {
    throw damagedValue(sessionId, name, cause);
  }
  throw unknownKey(`The value \`${name}\``, sessionId, keyId, `state.${name}`);
}

/** The key that a value claims to be under, which is not to be believed before it is decrypted. */
export function keyIdOfValue(stored: JsonValue): Sealed['keyId'] | undefined {
  try {
    return parseValueEnvelope(stored).keyId;
  } catch {
    return undefined;
  }
}

function boundTo(keyId: string, { sessionId, name }: ValuePlace): unknown[] {
  return ['encv1', keyId, sessionId, name];
}
