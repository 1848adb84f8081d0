import type { Message } from '../contract/message.ts';
import type { ReadResult, SessionMark } from '../contract/store.ts';
import type { CheckedQuery } from './contract-arguments.ts';

/** What a read answers where there is no session. */
export function nothingRead(): ReadResult {
  return { messages: [], mark: null, continues: false, first: null, skipped: [] };
}

/**
 * What a read answers where every message could be read.
 *
 * @param messages - those that the query asks for, in order
 * @param mark - of the whole history
 */
export function readResult(
  messages: Message[],
  mark: SessionMark,
  continues: boolean,
  { role, before = mark.length }: Pick<CheckedQuery, 'role' | 'before'>,
): ReadResult {
  const hasPlace = role === undefined && messages.length > 0;
  const first = hasPlace ? Math.min(before, mark.length) - messages.length : null;
  return { messages, mark, continues, first, skipped: [] };
}

/**
 * The places in history of the messages that a read answered, one each.
 *
 * @param read - one without `role`
 */
export function positionsOf({
  messages,
  first,
  skipped,
}: Pick<ReadResult, 'messages' | 'first' | 'skipped'>): number[] {
  const leftOut = new Set(skipped);
  let next = first ?? 0;
  return messages.map(() => {
    while (leftOut.has(next)) next += 1;
    next += 1;
    return next - 1;
  });
}
