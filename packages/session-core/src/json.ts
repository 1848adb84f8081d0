import { SessionError } from './errors.ts';
import type { JsonObject, JsonValue } from './message.ts';

/** How deep a value may nest: deeper than any real item, and shallow enough for every parser. */
const maxDepth = 1000;

/** Says how an object is written that JSON has no form for; `undefined` for all others. */
export type JsonForm = (value: object, path: string) => JsonValue | undefined;

/**
 * Copies a value as JSON will bring it back: members that are `undefined` are left out, a Date
 * becomes its ISO string, what has a `toJSON` becomes its result. -0 stays -0.
 *
 * @param path - where the value stands, for the error
 * @param form - asked for every object first. @defaultValue none has a form of its own
 * @throws SessionError `unstorable_value` naming the place of what JSON cannot carry
 */
export function copyJson(value: unknown, path: string, form: JsonForm = noForm): JsonValue {
  return copyValue(value, { path, ancestors: [], form });
}

/** {@link copyJson} of something that must be an object. */
export function copyJsonObject(value: unknown, path: string, form?: JsonForm): JsonObject {
  const copy = copyJson(value, path, form);
  if (copy === null || typeof copy !== 'object' || Array.isArray(copy)) {
    throw unstorable(path, 'is not an object');
  }
  return copy;
}

interface Place {
  readonly path: string;
  readonly ancestors: readonly object[];
  readonly form: JsonForm;
}

function noForm(): undefined {
  return undefined;
}

function copyValue(value: unknown, place: Place): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw unstorable(place.path, `is ${value}`);
      return value;
    case 'object':
      return value === null ? null : copyObject(value, place);
    default:
      throw unstorable(place.path, `is a ${typeof value}`);
  }
}

function copyObject(value: object, { path, ancestors, form }: Place): JsonValue {
  const formed = form(value, path);
  if (formed !== undefined) return formed;
  if (ancestors.includes(value)) throw unstorable(path, 'refers back to what contains it');
  if (ancestors.length >= maxDepth) throw unstorable(path, `is nested deeper than ${maxDepth}`);
  const inside = { path, ancestors: [...ancestors, value], form };

  // Before toJSON: a Buffer has one, which would make an array of numbers of it.
  if (ArrayBuffer.isView(value)) throw unstorable(path, 'is binary');
  if (hasToJson(value)) return copyValue(value.toJSON(), inside);
  if (Array.isArray(value)) {
    // As in JSON.stringify, a hole or `undefined` in an array becomes null: its place counts.
    return Array.from(value, (entry, index) =>
      entry === undefined ? null : copyValue(entry, { ...inside, path: `${path}[${index}]` }),
    );
  }
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (kind !== 'Object') throw unstorable(path, `is a ${kind}`);
  return copyMembers(value, inside);
}

function copyMembers(value: object, inside: Place): JsonObject {
  const copy: JsonObject = {};
  for (const key of Reflect.ownKeys(value)) {
    const member = Object.getOwnPropertyDescriptor(value, key);
    if (!member?.enumerable) continue;
    const path = memberPath(inside.path, key);
    if (typeof key === 'symbol') throw unstorable(path, 'has a symbol as its name');
    if (!('value' in member)) throw unstorable(path, 'is an accessor');
    if (member.value === undefined) continue;
    const copied = copyValue(member.value, { ...inside, path });
    // Assigning to `__proto__` would set the prototype instead of a member.
    if (key === '__proto__') Object.defineProperty(copy, key, { ...member, value: copied });
    else copy[key] = copied;
  }
  return copy;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function memberPath(path: string, key: string | symbol): string {
  if (typeof key === 'symbol') return `${path}[${String(key)}]`;
  return /^[A-Za-z_$][\w$]{0,63}$/.test(key)
    ? `${path}.${key}`
    : `${path}[${JSON.stringify(key.slice(0, 64))}]`;
}

function unstorable(path: string, fault: string): SessionError {
  return new SessionError(
    'unstorable_value',
    `${path} ${fault}, which JSON cannot carry. Convert it to text, a number or a plain object before it is added.`,
    { field: path },
  );
}

/** JSON text of a value, like `JSON.stringify`, but for -0, which it keeps. */
export function stringifyJson(value: JsonValue): string {
  if (Object.is(value, -0)) return '-0';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(',')}]`;
  return stringifyMembers(value, Object.keys(value));
}

/** JSON text of a value that is the same for equal values, whatever the order of their keys. */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return stringifyJson(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  return stringifyMembers(value, Object.keys(value).sort(), canonicalJson);
}

function stringifyMembers(value: JsonObject, keys: string[], stringify = stringifyJson): string {
  const members = keys.map((key) => `${JSON.stringify(key)}:${stringify(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}
