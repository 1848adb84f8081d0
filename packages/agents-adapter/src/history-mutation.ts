import { canonicalJson, copyJson } from '@agent-sessions/session-core';
import type { Message, NewMessage } from '@agent-sessions/session-core';
import { applySessionHistoryMutations } from '@openai/agents-core';
import type { SessionHistoryMutation } from '@openai/agents-core';

import { toItem, toMessages } from './item-message.ts';

/** The end of a history that changes, and what takes its place. */
export interface TailChange {
  readonly drop: number;
  readonly append: readonly NewMessage[];
}

/**
 * What mutations change of a history: the messages from the first that differs on. Messages whose
 * item stays keep their id, agent, tokens and time.
 */
export function tailChange(
  messages: readonly Message[],
  mutations: SessionHistoryMutation[],
): TailChange {
  const items = applySessionHistoryMutations(messages.map(toItem), mutations);
  const before = messages.map((message) => ({ message, text: text(message.item) }));
  const after = toMessages(items).map((message) => ({ message, text: text(message.item) }));

  let kept = 0;
  while (kept < after.length && before[kept]?.text === after[kept]?.text) kept += 1;
  const rest = before.slice(kept);
  const append = after.slice(kept).map((changed): NewMessage => {
    const same = rest.findIndex((unchanged) => unchanged.text === changed.text);
    return rest.splice(same, same === -1 ? 0 : 1)[0]?.message ?? changed.message;
  });
  return { drop: before.length - kept, append };
}

function text(item: object | undefined): string {
  return canonicalJson(copyJson(item ?? null, 'item'));
}
