import { outOfRange } from '../contract/errors.ts';
import { stringifyMessage } from '../driver/message-text.ts';
import type { Message } from '../contract/message.ts';
import type { CallOptions, Conversation } from '../conversation.ts';
import { refuseGaps } from '../driver/refusals.ts';

/** @see {@link archiveHistory} */
export interface ArchiveOptions extends CallOptions {
  /** How many of the newest messages stay, or what says so of the whole history. */
  readonly keep: number | ((messages: readonly Message[]) => number);
}

/**
 * Moves the older messages of a conversation to the end of another one, so that the first stays as
 * short as a model needs it. The other may be in any store.
 *
 * They are there before they are gone here. Where it is interrupted or refused in between, do it
 * again: what is in the archive already is not added twice.
 *
 * @returns how many messages left the conversation
 * @throws RangeError `invalid_argument` for a number of messages that is none
 * @throws SessionError `conflict` where others have written to one of the two meanwhile: do it again;
 * `damaged_message` where a message of the conversation cannot be read
 */
export async function archiveHistory(
  conversation: Conversation,
  archive: Conversation,
  { keep, signal }: ArchiveOptions,
): Promise<number> {
  const { messages, mark, skipped } = await conversation.read({ signal });
  refuseGaps(conversation.sessionId, skipped);
  const kept = checkKept(typeof keep === 'number' ? keep : keep(messages));
  const older = messages.slice(0, Math.max(messages.length - kept, 0));
  if (older.length === 0) return 0;

  const archived = await archive.read({ last: older.length, signal });
  const missing = older.slice(lengthOfOverlap(archived.messages, older));
  if (missing.length > 0) await archive.append(missing, { expect: archived.mark, signal });
  const append = messages.slice(older.length);
  // What is dropped was read: nobody has to look at it again.
  const change = { drop: 'all', append, dropUnreadable: true } as const;
  await conversation.commit(change, { expect: mark, signal });
  return older.length;
}

function checkKept(kept: number): number {
  if (Number.isSafeInteger(kept) && kept >= 0) return kept;
  throw outOfRange('keep', 'must be a whole number from 0, or a function that answers one.');
}

/** How many messages the end of one list and the beginning of the other have in common. */
function lengthOfOverlap(ending: readonly Message[], beginning: readonly Message[]): number {
  const ends = ending.map(stringifyMessage);
  const begins = beginning.map(stringifyMessage);
  for (let length = Math.min(ends.length, begins.length); length > 0; length -= 1) {
    const first = ends.length - length;
    const isSame = begins.every((text, index) => index >= length || text === ends[first + index]);
    if (isSame) return length;
  }
  return 0;
}
