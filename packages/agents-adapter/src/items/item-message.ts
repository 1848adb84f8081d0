import {
  canonicalJson,
  copyJson,
  copyJsonObject,
  roles,
  SessionError,
  wrongType,
} from '@agent-sessions/session-core';
import type {
  JsonValue,
  Message,
  MessageInput,
  NewMessage,
  Role,
} from '@agent-sessions/session-core';
import type { AgentInputItem } from '@openai/agents-core';

import { binaryForm, comparableForm, isBinaryForm, restoreBinary } from './binary.ts';

/**
 * The messages that stand for items: each item as it is, under the role that it has or acts in.
 * They share nothing with the items.
 *
 * @param path - where the items stand, for the error
 * @throws SessionError `unstorable_value` naming the place of what cannot be kept
 * @throws TypeError `invalid_argument` where one is no item
 */
export function toMessages(items: readonly AgentInputItem[], path = 'items'): NewMessage[] {
  return items.map((item, index) => toMessage(item, `${path}[${index}]`));
}

function toMessage(item: AgentInputItem, path: string): NewMessage {
  const stored = copyJsonObject(item, path, binaryForm);
  // Binary inside of it says neither what it is nor who speaks.
  const kept = isBinaryForm(stored) ? restoreBinary(stored) : stored;
  // What is no item could be added, but never be read again.
  if (!isItem(kept)) throw wrongType(path, 'must be an item of the SDK, with a type or a role.');
  return { role: roleOf(kept), item: stored };
}

/** Items without a role of their own are what the model says, or what a tool answers it. */
function roleOf(item: AgentInputItem): Role {
  if ('role' in item) return roles.find((role) => role === item.role) ?? 'assistant';
  return /_(result|output)$/.test(item.type ?? '') ? 'tool' : 'assistant';
}

/**
 * JSON text that is the same for items that are equal in the SDK, which does not tell a Buffer from
 * a Uint8Array.
 */
export function comparableText(item: AgentInputItem | undefined, path: string): string {
  return canonicalJson(copyJson(item, path, comparableForm));
}

/**
 * The item that a message stands for. Messages that were not added as items, by the Python class
 * or a JSONSession, become the SDK's plain messages.
 *
 * @throws SessionError `damaged_message` where the stored item is none
 */
export function toItem(message: Message): AgentInputItem {
  if (message.item === undefined) return plainMessage(message);
  const item = restoreBinary(message.item);
  if (isItem(item)) return item;
  throw new SessionError(
    'damaged_message',
    'A stored item has neither a type nor a role. Read the session as messages to see which.',
  );
}

/** The items that messages to be added stand for. */
export function itemsIn(messages: readonly MessageInput[] = []): AgentInputItem[] {
  return messages.flatMap(({ item }) => (isItem(item) ? [item] : []));
}

/** No more than this is asked of an item: the SDK's own schema would drop members it does not know. */
function isItem(value: unknown): value is AgentInputItem {
  if (typeof value !== 'object' || value === null) return false;
  return 'type' in value || 'role' in value;
}

function plainMessage({ role, content }: Message): AgentInputItem {
  const text = textOf(content);
  if (role === 'assistant') {
    const said = { type: 'output_text' as const, text };
    return { type: 'message', role: 'assistant', status: 'completed', content: [said] };
  }
  if (role === 'system' || role === 'developer') {
    return { type: 'message', role: 'system', content: text };
  }
  // What a tool said without a call to go with it must not speak with more authority than a user.
  return { type: 'message', role: 'user', content: text };
}

function textOf(content: JsonValue): string {
  return typeof content === 'string' ? content : JSON.stringify(content);
}
