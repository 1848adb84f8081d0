import type { JsonObject, JsonValue } from '../contract/json-value.ts';

/**
 * The value of a JSON text, like `JSON.parse`, but with the keys that it has: from V8 12.8 on (Node
 * 24, 26), `JSON.parse` may take a key that is written with an escape for another one it has met.
 *
 * Scanned by hand where it must be: a regular expression overflows the stack on long texts.
 *
 * @throws SyntaxError where the text is not JSON, without quoting it
 * @see https://github.com/nodejs/node/issues/63785
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SyntaxError('The text is not JSON.');
  }
  return hasEscapeInKey(text) ? parseValid(text) : value;
}

const colon = 0x3a;
const backslash = 0x5c;

function hasEscapeInKey(text: string): boolean {
  let escape = text.indexOf('\\');
  while (escape !== -1) {
    const end = endOfString(text, escape);
    if (isFollowedByColon(text, end)) return true;
    escape = text.indexOf('\\', end);
  }
  return false;
}

/**
 * Where a string ends, after its quotation mark.
 *
 * @param from - in the string, and not in the middle of an escape
 */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end !== -1 && isEscaped(text, end, from)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end + 1;
}

/** An even number of backslashes before it are escapes of one another. */
function isEscaped(text: string, at: number, from: number): boolean {
  let first = at;
  while (first > from && text.charCodeAt(first - 1) === backslash) first -= 1;
  return (at - first) % 2 === 1;
}

function isFollowedByColon(text: string, from: number): boolean {
  let at = from;
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return text.charCodeAt(at) === colon;
}

/** Of a text that is known to be JSON. Not recursive: `JSON.parse` takes any depth, too. */
function parseValid(text: string): JsonValue {
  let whole: JsonValue = null;
  const containers: (JsonObject | JsonValue[])[] = [];
  let key = '';
  const put = (value: JsonValue) => {
    const container = containers.at(-1);
    if (container === undefined) whole = value;
    else if (Array.isArray(container)) container.push(value);
    else setMember(container, key, value);
  };
  for (let at = 0; at < text.length;) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = endOfString(text, at + 1);
      const string = String(JSON.parse(text.slice(at, end)));
      if (isFollowedByColon(text, end)) key = string;
      else put(string);
      at = end;
    } else if (character === '{' || character === '[') {
      const container = character === '{' ? {} : [];
      put(container);
      containers.push(container);
      at += 1;
    } else if (character === '}' || character === ']') {
      containers.pop();
      at += 1;
    } else if (separators.has(character)) {
      at += 1;
    } else {
      const end = endOfScalar(text, at);
      put(scalar(text.slice(at, end)));
      at = end;
    }
  }
  return whole;
}

const separators = new Set(' \t\n\r:,');
const scalarEnds = new Set(' \t\n\r,]}');

/** A number, `true`, `false` or `null`. */
function endOfScalar(text: string, from: number): number {
  let at = from;
  while (at < text.length && !scalarEnds.has(text.charAt(at))) at += 1;
  return at;
}

function scalar(text: string): JsonValue {
  if (text === 'null') return null;
  return text === 'true' || (text === 'false' ? false : Number(text));
}

/** `__proto__` is a name like any other. */
function setMember(members: JsonObject, key: string, value: JsonValue): void {
  if (key !== '__proto__') members[key] = value;
  else Object.defineProperty(members, key, { value, ...ownMember });
}

const ownMember = { writable: true, enumerable: true, configurable: true };
