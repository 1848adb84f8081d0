import { newest } from '@agent-sessions/session-core';
import type { CheckedQuery, Message, ReadResult, SessionError } from '@agent-sessions/session-core';

import { type History, type HistoryPart, isContinuedBy, isRest } from './history.ts';

/**
 * Reads one session's history in as few parts as it takes.
 *
 * @param readPart - `undefined` where there is no such session
 * @param onDamaged - told of what is left out because it cannot be read
 */
export async function readHistory(
  query: Omit<CheckedQuery, 'signal'>,
  readPart: (part: HistoryPart) => Promise<History | undefined>,
  onDamaged: (damage: SessionError) => void,
): Promise<ReadResult> {
  const { userId, last, role, since, before } = query;
  if (since !== undefined && since.length > 0) {
    // From the last known message on, which tells whether it is still there.
    const rest = await readPart({ userId, from: since.length - 1 });
    if (rest && isContinuedBy(since, rest)) {
      return { ...pick(rest, { from: since.length }, onDamaged), continues: true };
    }
  }
  const part = before === undefined ? { userId, last, role } : partBefore(query, before);
  let history = await readPart(part);
  if (history && !history.isTorn && before !== undefined && before > history.mark.length) {
    return readHistory({ ...query, before: undefined }, readPart, onDamaged);
  }
  if (history && (history.isTorn || (history.damages.size > 0 && !isRest(part)))) {
    // Limits count what can be read, and what a filter finds has lost its place.
    history = await readPart({ userId });
  }
  if (history === undefined) {
    return { messages: [], mark: null, continues: false, first: null, skipped: [] };
  }
  const continues = since?.length === 0 && isContinuedBy(since, history);
  return { ...pick(history, { last, role, before }, onDamaged), continues };
}

function partBefore(
  { userId, last }: Pick<CheckedQuery, 'userId' | 'last'>,
  before: number,
): HistoryPart {
  if (last === 0 || before === 0) return { userId, last: 0 };
  return { userId, from: Math.max(before - (last ?? before), 0), to: before };
}

interface Wanted extends Partial<Pick<CheckedQuery, 'last' | 'role' | 'before'>> {
  /** @defaultValue the first */
  readonly from?: number;
}

/** What was asked for of a history that holds that, and perhaps more. */
function pick(
  history: History,
  { from = 0, before, last, role }: Wanted,
  onDamaged: (damage: SessionError) => void,
): Omit<ReadResult, 'continues'> {
  const { messages, damages, mark } = history;
  const end = Math.min(before ?? mark.length, mark.length);
  const wanted: Message[] = [];
  const indices: number[] = [];
  let { first: index } = history;
  for (const message of messages) {
    while (damages.has(index)) index += 1;
    if (index >= from && index < end && (role === undefined || message.role === role)) {
      wanted.push(message);
      indices.push(index);
    }
    index += 1;
  }
  const [first = null] = newest(indices, last);
  const isToBegin = last === undefined || indices.length < last;
  const begin = isToBegin ? from : (first ?? end);
  const skipped = [...damages].filter(([each]) => each >= begin && each < end);
  for (const [, damage] of skipped) onDamaged(damage);
  return {
    messages: newest(wanted, last),
    mark,
    first: role === undefined ? first : null,
    skipped: skipped.map(([each]) => each),
  };
}
