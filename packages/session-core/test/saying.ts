import { Conversation } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

/** Messages m0, m1, …, of an agent each. */
export function said(from: number, to: number) {
  return Array.from({ length: to - from }, (_, index) => {
    const id = `m${from + index}`;
    return { id, role: 'user' as const, content: `of ${id}`, tokens: 2, agent: `agent of ${id}` };
  });
}

/** A conversation of so many messages, in a store of its own. */
export async function newConversation(count: number, store = new MemorySessionStore()) {
  const conversation = new Conversation({ store, sessionId: 'chat', userId: 'ada' });
  await conversation.append(said(0, count));
  return { store, conversation };
}

export async function idsOf(conversation: Conversation): Promise<string[]> {
  return (await conversation.messages()).map(({ id }) => id);
}
