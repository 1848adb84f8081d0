import { isSessionError, wrongType } from '../contract/errors.ts';
import type { Message } from '../contract/message.ts';
import type { CommitOptions, Conversation } from '../conversation.ts';
import { messageGone } from '../driver/refusals.ts';
import { findMessage, unattainableMark } from './find-message.ts';

/** Where a history is cut: before a message, or after it, by its id. */
export type RewindPoint = { readonly before: string } | { readonly after: string };

/**
 * Drops everything from a message on, or after it, and with it the run that waits to be gone on
 * with. Where the last message that is kept has an agent, that acts again; other values and the usage
 * stay: what was spent is spent.
 *
 * Repeated with the same operation id it is done once, and answers the same.
 *
 * @returns what was dropped, in order
 * @throws TypeError `invalid_argument` for a point that is none
 * @throws SessionError `conflict` where others wrote meanwhile or the message is not there,
 * `session_not_found`, and `damaged_message` where what would be dropped cannot be read
 */
export async function rewindHistory(
  conversation: Conversation,
  point: RewindPoint,
  options: CommitOptions = {},
): Promise<Message[]> {
  const { id, isKept } = checkPoint(point);
  const { signal } = options;
  const change = {
    intent: { rewind: isKept ? { after: id } : { before: id } },
    returnDropped: true,
    state: { run: null },
  };
  const found = await findMessage(conversation, id, signal);
  // Dropped by the same operation perhaps, whose answer was lost: a commit tells.
  const mark = found?.mark ?? unattainableMark;
  const cut = found ? found.index + (isKept ? 1 : 0) : mark.length;
  const drop = mark.length - cut;
  const agent = drop > 0 ? await agentAt(conversation, cut - 1, signal) : undefined;
  try {
    const expect = options.expect ?? mark;
    const { dropped } = await conversation.commit(
      { ...change, drop, agent },
      { ...options, expect },
    );
    return [...dropped];
  } catch (error) {
    const isGone = !found && isSessionError(error, 'conflict', 'session_not_found');
    throw isGone ? messageGone(conversation.sessionId) : error;
  }
}

function checkPoint(point: RewindPoint): { readonly id: string; readonly isKept: boolean } {
  if (typeof point === 'object' && point !== null) {
    const isKept = 'after' in point;
    const id: unknown = isKept ? point.after : point.before;
    if (typeof id === 'string' && !(isKept && 'before' in point)) return { id, isKept };
  }
  throw wrongType('point', 'must be { before } or { after } the id of a message.');
}

async function agentAt(
  conversation: Conversation,
  index: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (index < 0) return undefined;
  const [message] = await conversation.messages({ before: index + 1, last: 1, signal });
  return message?.agent ?? undefined;
}
