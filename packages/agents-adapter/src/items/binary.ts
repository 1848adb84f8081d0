import { copyJson, copyJsonObject, parseJson, stringifyJson } from '@agent-sessions/session-core';
import type { JsonForm, JsonObject, JsonValue } from '@agent-sessions/session-core';

/**
 * How binary stands in JSON: `{ "$binary": "Uint8Array", "base64": "…" }`. What looks like that of
 * itself stands as `{ "$binary": "none", "json": "…" }`.
 */
const tag = '$binary';

/** The form of a `Uint8Array`, a `Buffer` or an `ArrayBuffer`, for `copyJson`. */
export function binaryForm(value: object, path: () => string): JsonObject | undefined {
  if (value instanceof Uint8Array) {
    const kind = Buffer.isBuffer(value) ? 'Buffer' : 'Uint8Array';
    return { [tag]: kind, base64: toBase64(value) };
  }
  if (value instanceof ArrayBuffer) {
    return { [tag]: 'ArrayBuffer', base64: toBase64(new Uint8Array(value)) };
  }
  if (!Object.hasOwn(value, tag)) return undefined;
  const ofMember: JsonForm = (each, at) => (each === value ? undefined : binaryForm(each, at));
  return { [tag]: 'none', json: stringifyJson(copyJson(value, path(), ofMember)) };
}

/** {@link binaryForm}, but the same for a Buffer as for a Uint8Array. */
export function comparableForm(value: object, path: () => string): JsonObject | undefined {
  const form = binaryForm(value, path);
  return form?.[tag] === 'Buffer' ? { ...form, [tag]: 'Uint8Array' } : form;
}

/** Whether an object is what {@link binaryForm} makes of another. */
export function isBinaryForm(value: JsonObject): boolean {
  return Object.hasOwn(value, tag);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The value that was stored, with its binary; the same object where there is none in it. */
export function restoreBinary(value: JsonValue): unknown {
  return holdsBinary(value) ? restore(value) : value;
}

function holdsBinary(value: JsonValue): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.some(holdsBinary);
  // Every item that is read comes this way: no list of its members is made.
  for (const key of Object.keys(value)) {
    if (key === tag || holdsBinary(value[key] ?? null)) return true;
  }
  return false;
}

function restore(value: JsonValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(restore);
  return isBinaryForm(value) ? restoreTagged(value) : restoreMembers(value);
}

function restoreMembers(value: JsonObject): unknown {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, restore(member)]));
}

function restoreTagged({ [tag]: kind, base64, json }: JsonObject): unknown {
  if (kind === 'none' && typeof json === 'string') {
    return restoreMembers(copyJsonObject(parseJson(json), tag));
  }
  const bytes = Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64');
  if (kind === 'Buffer') return bytes;
  // A copy of its own memory: small Buffers share theirs.
  const copy = new Uint8Array(bytes);
  return kind === 'ArrayBuffer' ? copy.buffer : copy;
}
