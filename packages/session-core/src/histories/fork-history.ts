import type { CommitResult } from '../contract/store.ts';
import type { CommitOptions, Conversation } from '../conversation.ts';
import { checkOptionalName } from '../driver/checks.ts';
import { checkStateNames } from '../driver/contract-arguments.ts';
import { messageGone, refuseGaps, sessionNotFound } from '../driver/refusals.ts';
import { withoutRevisions } from '../driver/session-state.ts';

/** @see {@link forkHistory} */
export interface ForkOptions extends Omit<CommitOptions, 'expect' | 'expectState'> {
  /** Id of the last message that is copied. @defaultValue all are */
  readonly until?: string | undefined;
  /** Names of the values that are copied, too. @defaultValue none */
  readonly state?: readonly string[] | undefined;
}

/**
 * Copies the history of a conversation, up to a message, into a session that does not exist yet, in
 * whatever store. Messages keep their ids, times and agents; the value `forkedFrom` of the new session
 * notes `{ sessionId, messageId }`. Usage is not copied: it was spent once.
 *
 * Repeated with the same operation id it is done once, and answers the same.
 *
 * @throws SessionError `conflict` where the fork exists or the message is not there,
 * `session_not_found`, and `damaged_message` where the history cannot be read as a whole
 */
export async function forkHistory(
  conversation: Conversation,
  fork: Conversation,
  { until, state = [], operationId, signal }: ForkOptions = {},
): Promise<CommitResult> {
  checkOptionalName('until', until);
  const names = checkStateNames('state', state);
  const { sessionId } = conversation;
  const { messages, mark, skipped } = await conversation.read({ signal });
  if (mark === null) throw sessionNotFound(sessionId);
  refuseGaps(sessionId, skipped);
  const length =
    until === undefined ? messages.length : 1 + messages.findIndex(({ id }) => id === until);
  if (until !== undefined && length === 0) throw messageGone(sessionId);

  const append = messages.slice(0, length);
  const last = append.at(-1);
  const values = names.length === 0 ? {} : await conversation.state(names, { signal });
  return fork.commit(
    {
      append,
      agent: last?.agent ?? undefined,
      state: {
        ...withoutRevisions(values),
        forkedFrom: { sessionId, messageId: last?.id ?? null },
      },
      // What was added to the history meanwhile does not make another fork of it.
      intent: { fork: sessionId, until: until ?? null },
    },
    { operationId, signal, expect: null },
  );
}
