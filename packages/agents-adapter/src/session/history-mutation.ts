import type { Message, MessageInput } from '@agent-sessions/session-core';
import { applySessionHistoryMutations } from '@openai/agents-core';
import type { SessionHistoryMutation } from '@openai/agents-core';

import { comparableText, toItem, toMessages } from '../items/item-message.ts';

/** The end of a history that changes, and what takes its place. */
export interface TailChange {
  readonly drop: number;
  readonly append: readonly MessageInput[];
}

/**
 * What mutations change of a history: the messages from the first that differs on. Messages whose
 * item stays keep their id, agent, tokens and time.
 */
export function tailChange(
  messages: readonly Message[],
  mutations: SessionHistoryMutation[],
): TailChange {
  const items = messages.map(toItem);
  const before = items.map((item, index) => ({
    message: messages[index],
    text: comparableText(item, `items[${index}]`),
  }));
  const changed = applySessionHistoryMutations(items, mutations);
  const after = toMessages(changed).map((message, index) => ({
    message,
    text: comparableText(changed[index], `items[${index}]`),
  }));

  let kept = 0;
  while (kept < after.length && before[kept]?.text === after[kept]?.text) kept += 1;
  const rest = before.slice(kept);
  const append = after.slice(kept).map(({ message, text }): MessageInput => {
    const same = rest.findIndex((unchanged) => unchanged.text === text);
    return rest.splice(same, same === -1 ? 0 : 1)[0]?.message ?? message;
  });
  return { drop: before.length - kept, append };
}
