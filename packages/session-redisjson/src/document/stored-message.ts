import { parseSaid, stringifySaid } from '@agent-sessions/session-core';
import type { JsonObject, JsonValue, Message } from '@agent-sessions/session-core';

import type { StoredMessage } from './stored-message.schema.ts';
import { isStoredMessage } from './stored-message.validators.ts';

/** The JSON text of a message's record. */
export function encodeMessage(message: Message): string {
  const { id, role, content, timestampMs, agent, tokens, item } = message;
  const timestamp = timestampMs / 1000;
  if (isKeptExactly(content, 1) && (item === undefined || isKeptAsItem(item))) {
    const record = { id, role, content, timestamp, agent, tokens };
    if (item === undefined) return JSON.stringify(record);
    return JSON.stringify({ ...record, item: withPlaceholders(item, message) });
  }
  const exact = stringifySaid(message);
  return JSON.stringify({ id, role, content: '', timestamp, agent, tokens, exact });
}

/**
 * The message that a record stands for.
 *
 * @throws TypeError or SyntaxError where it is none
 */
export function decodeMessage(value: unknown): Message {
  if (!isStoredMessage(value)) throw new TypeError('The record has not the form of a message.');
  const { id, role, timestamp, agent = null, tokens = null } = value;
  const timestampMs = Math.round(timestamp * 1000);
  const { content, item } = value.exact === undefined ? value : parseSaid(value.exact);
  if (item === undefined) return { id, role, content, timestampMs, agent, tokens };
  const filled = value.exact === undefined ? fillPlaceholders(item, value) : item;
  return { id, role, content, timestampMs, agent, tokens, item: filled };
}

function withPlaceholders(item: JsonObject, { role, content }: Message): JsonObject {
  const placed = { ...item };
  if (placed['role'] === role) placed['role'] = null;
  if ('content' in placed && sameText(placed['content'], content)) placed['content'] = null;
  return placed;
}

function fillPlaceholders(item: JsonObject, { role, content }: StoredMessage): JsonObject {
  // It was parsed for this message, and is nobody else's.
  if (item['role'] === null) item['role'] = role;
  if (item['content'] === null) item['content'] = content;
  return item;
}

/** A null of the item's own would be taken for a placeholder. */
function isKeptAsItem(item: JsonObject): boolean {
  return item['role'] !== null && item['content'] !== null && isKeptExactly(item, 1);
}

function sameText(one: JsonValue | undefined, other: JsonValue): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** The whole document may nest 125 deep on Redis 8; this leaves room for what stands around. */
const maxNativeDepth = 100;

/** Whether RedisJSON gives a value back as it got it, on every version. */
function isKeptExactly(value: JsonValue, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return isKeptNumber(value);
  if (value === null || typeof value !== 'object') return true;
  if (depth >= maxNativeDepth) return false;
  if (Array.isArray(value)) return value.every((entry) => isKeptExactly(entry, depth + 1));
  return Object.entries(value).every(
    ([key, member]) => isKeptKey(key) && isKeptExactly(member, depth + 1),
  );
}

/**
 * What node-redis reads goes through `JSON.parse`, which may mix up keys with an escape; see
 * `parseJson`.
 */
function isKeptKey(key: string): boolean {
  return !/["\\\p{Cc}\p{Cs}]/u.test(key);
}

/**
 * RedisJSON parses a fraction as digits times a power of ten, which is exact to 15 digits and to
 * 10^22 only: 6.86e-21 comes back one unit off, on every version. JavaScript writes what is smaller
 * than 1e-6 or larger than 1e21 with an exponent.
 */
function isKeptNumber(value: number): boolean {
  if (Number.isSafeInteger(value)) return !Object.is(value, -0);
  const text = String(value);
  return !text.includes('e') && text.replace(/^-?0?\.?0*|\.|-/g, '').length <= 15;
}
