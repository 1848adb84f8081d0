import { copyJsonObject, roles, SessionError } from '@agent-sessions/session-core';
import type { JsonValue, Message, NewMessage, Role } from '@agent-sessions/session-core';
import type { AgentInputItem } from '@openai/agents-core';

import { binaryForm, restoreBinary } from './binary.ts';

/**
 * The messages that stand for items: each item as it is, under the role that it has or acts in.
 * They share nothing with the items.
 *
 * @param path - where the items stand, for the error
 * @throws SessionError `unstorable_value` naming the place of what cannot be kept
 */
export function toMessages(items: readonly AgentInputItem[], path = 'items'): NewMessage[] {
  return items.map((item, index) => ({
    role: roleOf(item),
    item: copyJsonObject(item, `${path}[${index}]`, binaryForm),
  }));
}

/** Items without a role of their own are what the model says, or what a tool answers it. */
function roleOf(item: AgentInputItem): Role {
  if (typeof item !== 'object' || item === null) return 'assistant';
  if ('role' in item) return roles.find((role) => role === item.role) ?? 'assistant';
  return /_(result|output)$/.test(item.type ?? '') ? 'tool' : 'assistant';
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

/** No more than this is asked of an item: the SDK's own schema would drop members it does not know. */
function isItem(value: unknown): value is AgentInputItem {
  if (typeof value !== 'object' || value === null) return false;
  return 'type' in value || 'role' in value;
}

function plainMessage({ role, content }: Message): AgentInputItem {
  const text = textOf(content);
  if (role === 'assistant') {
    const said = { type: 'output_text' as const, text };
    return { type: 'message', role, status: 'completed', content: [said] };
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
