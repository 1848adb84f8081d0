import type { SessionMark } from '../contract/store.ts';
import type { Conversation } from '../conversation.ts';
import { positionsOf } from '../driver/read-result.ts';
import { conflict } from '../driver/refusals.ts';
import { isSameMark } from '../driver/session-state.ts';

/** How many messages are looked through at a time: what is looked for is mostly near the end. */
const pageSize = 100;

/** A mark that no history has: a commit that expects it can only be a repetition. */
export const unattainableMark: SessionMark = {
  epoch: '',
  generation: -1,
  length: 0,
  lastId: null,
};

/** Where a message stands, in the history of a mark. */
export interface FoundMessage {
  readonly index: number;
  readonly mark: SessionMark;
}

/**
 * Looks for a message by its id, from the end of a history on, page by page.
 *
 * @returns `undefined` where it is not there
 * @throws SessionError `conflict` where the history has changed between two pages
 */
export async function findMessage(
  conversation: Conversation,
  id: string,
  signal: AbortSignal | undefined,
): Promise<FoundMessage | undefined> {
  let seen: SessionMark | undefined;
  let before: number | undefined;
  for (;;) {
    const page = await conversation.read({ last: pageSize, before, signal });
    const { messages, mark, first } = page;
    if (mark === null) return undefined;
    if (seen && !isSameMark(seen, mark)) throw conflict(conversation.sessionId);
    seen = mark;
    const index = positionsOf(page)[messages.findIndex((message) => message.id === id)];
    if (index !== undefined) return { mark, index };
    if (first === null || first === 0) return undefined;
    before = first;
  }
}
