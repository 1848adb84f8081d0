import { SessionError } from '../contract/errors.ts';
import type { JsonObject, JsonValue } from '../contract/message.ts';

/** How deep a value may nest: deeper than any real item, and shallow enough for every parser. */
const maxDepth = 1000;

/**
 * Says how an object is written that JSON has no form for; `undefined` for all others.
 *
 * @param path - puts into words where the value stands, for an error
 */
export type JsonForm = (value: object, path: () => string) => JsonValue | undefined;

/**
 * Copies a value as JSON will bring it back: members that are `undefined` are left out, a Date
 * becomes its ISO string, what has a `toJSON` becomes its result. -0 stays -0.
 *
 * @param path - where the value stands, for the error
 * @param form - asked for every object first. @defaultValue none has a form of its own
 * @throws SessionError `unstorable_value` naming the place of what JSON cannot carry
 */
export function copyJson(value: unknown, path: string, form?: JsonForm): JsonValue {
  return copyValue(value, path, undefined, form);
}

/** {@link copyJson} of something that must be an object. */
export function copyJsonObject(value: unknown, path: string, form?: JsonForm): JsonObject {
  const copy = copyJson(value, path, form);
  if (copy === null || typeof copy !== 'object' || Array.isArray(copy)) {
    throw unstorable(path, undefined, 'is not an object');
  }
  return copy;
}

/**
 * Where a value stands: under a name in a container, or by itself under the path of the whole. What
 * `toJSON` answered has no name. Only an error puts it into words.
 */
type Name = PropertyKey | undefined;

/** An object that is being copied. */
interface Container {
  readonly value: object;
  readonly name: Name;
  readonly outer: Container | undefined;
  /** How many containers it stands in. */
  readonly depth: number;
}

function copyValue(
  value: unknown,
  name: Name,
  outer: Container | undefined,
  form: JsonForm | undefined,
): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw unstorable(name, outer, `is ${value}`);
      return value;
    case 'object':
      return value === null ? null : copyObject(value, name, outer, form);
    default:
      throw unstorable(name, outer, `is a ${typeof value}`);
  }
}

function copyObject(
  value: object,
  name: Name,
  outer: Container | undefined,
  form: JsonForm | undefined,
): JsonValue {
  const formed = form?.(value, () => pathTo(name, outer));
  if (formed !== undefined) return formed;
  if (contains(outer, value)) throw unstorable(name, outer, 'refers back to what contains it');
  const container = { value, name, outer, depth: outer === undefined ? 0 : outer.depth + 1 };
  if (container.depth >= maxDepth) {
    throw unstorable(name, outer, `is nested deeper than ${maxDepth}`);
  }

  // Before toJSON: a Buffer has one, which would make an array of numbers of it.
  if (ArrayBuffer.isView(value)) throw unstorable(name, outer, 'is binary');
  if (hasToJson(value)) return copyValue(value.toJSON(), undefined, container, form);
  if (Array.isArray(value)) return copyEntries(value, container, form);
  const kind = Object.prototype.toString.call(value);
  if (kind === '[object Object]') return copyMembers(value, container, form);
  throw unstorable(name, outer, `is a ${kind.slice('[object '.length, -1)}`);
}

function contains(container: Container | undefined, value: object): boolean {
  for (let each = container; each !== undefined; each = each.outer) {
    if (each.value === value) return true;
  }
  return false;
}

/** As in JSON.stringify, a hole or `undefined` in an array becomes null: its place counts. */
function copyEntries(
  value: readonly unknown[],
  container: Container,
  form: JsonForm | undefined,
): JsonValue[] {
  const copy: JsonValue[] = [];
  for (let index = 0; index < value.length; index += 1) {
    const entry = value[index];
    copy.push(entry === undefined ? null : copyValue(entry, index, container, form));
  }
  return copy;
}

function copyMembers(value: object, container: Container, form: JsonForm | undefined): JsonObject {
  const copy: JsonObject = {};
  for (const name of Reflect.ownKeys(value)) {
    const member = Object.getOwnPropertyDescriptor(value, name);
    if (!member?.enumerable) continue;
    if (typeof name === 'symbol') throw unstorable(name, container, 'has a symbol as its name');
    if (!('value' in member)) throw unstorable(name, container, 'is an accessor');
    if (member.value === undefined) continue;
    const copied = copyValue(member.value, name, container, form);
    // Assigning to `__proto__` would set the prototype instead of a member.
    if (name === '__proto__') Object.defineProperty(copy, name, { ...member, value: copied });
    else copy[name] = copied;
  }
  return copy;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function pathTo(name: Name, outer: Container | undefined): string {
  if (outer === undefined) return String(name);
  const path = pathTo(outer.name, outer.outer);
  if (name === undefined) return path;
  if (typeof name !== 'string') return `${path}[${String(name)}]`;
  return /^[A-Za-z_$][\w$]{0,63}$/.test(name)
    ? `${path}.${name}`
    : `${path}[${JSON.stringify(name.slice(0, 64))}]`;
}

function unstorable(name: Name, outer: Container | undefined, fault: string): SessionError {
  const path = pathTo(name, outer);
  return new SessionError(
    'unstorable_value',
    `${path} ${fault}, which JSON cannot carry. Convert it to text, a number or a plain object before it is added.`,
    { field: path },
  );
}

/** JSON text of a value, like `JSON.stringify`, but for -0, which it keeps. */
export function stringifyJson(value: JsonValue): string {
  return hasMinusZero(value) ? stringify(value, Object.keys) : JSON.stringify(value);
}

function hasMinusZero(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0);
  if (Array.isArray(value)) return value.some(hasMinusZero);
  for (const name in value) if (hasMinusZero(value[name] ?? null)) return true;
  return false;
}

/** JSON text of a value that is the same for equal values, whatever the order of their keys. */
export function canonicalJson(value: JsonValue): string {
  return stringify(value, (members) => Object.keys(members).sort());
}

function stringify(value: JsonValue, keysOf: (value: JsonObject) => string[]): string {
  if (Object.is(value, -0)) return '-0';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const entry of value) text += `,${stringify(entry, keysOf)}`;
    return `[${text.slice(1)}]`;
  }
  for (const key of keysOf(value)) {
    text += `,${JSON.stringify(key)}:${stringify(value[key] ?? null, keysOf)}`;
  }
  return `{${text.slice(1)}}`;
}
