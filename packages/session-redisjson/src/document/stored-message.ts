import { parseSaid, stringifySaid } from '@agent-sessions/session-core';
import type { JsonObject, JsonValue, Message } from '@agent-sessions/session-core';

import { isKeptExactly } from './kept-exactly.ts';
import type { StoredMessage } from './stored-message.schema.ts';
import { isStoredMessage } from './stored-message.validators.ts';

/** The JSON text of a message's record. */
export function encodeMessage(message: Message): string {
  const { id, role, content, timestampMs, agent, tokens, item } = message;
  const timestamp = timestampMs / 1000;
  if (isKeptExactly(content) && (item === undefined || isKeptAsItem(item))) {
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
 * @throws TypeError where it is none; it quotes nothing that was said
 */
export function decodeMessage(value: unknown): Message {
  if (!isStoredMessage(value)) throw new TypeError(`The record${roleText(value)} is no message.`);
  const { id, role, timestamp, agent = null, tokens = null } = value;
  const timestampMs = Math.round(timestamp * 1000);
  const { content, item } = value.exact === undefined ? value : decodeExact(value);
  if (item === undefined) return { id, role, content, timestampMs, agent, tokens };
  const filled = value.exact === undefined ? fillPlaceholders(item, value) : item;
  return { id, role, content, timestampMs, agent, tokens, item: filled };
}

function decodeExact(record: StoredMessage): Pick<Message, 'content' | 'item'> {
  try {
    return parseSaid(record.exact ?? '');
  } catch {
    // Its error would quote the text.
    throw new TypeError(`The exact text of the record${roleText(record)} says no message.`);
  }
}

/** Roles are names; what is longer may be anything. */
function roleText(record: unknown): string {
  if (typeof record !== 'object' || record === null || !('role' in record))
    return ' without a role';
  const { role } = record;
  const isName = typeof role === 'string' && /^[\w-]{1,32}$/.test(role);
  return isName ? ` of the role ${role}` : ' with a role that is no name';
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
  return item['role'] !== null && item['content'] !== null && isKeptExactly(item);
}

function sameText(one: JsonValue | undefined, other: JsonValue): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
