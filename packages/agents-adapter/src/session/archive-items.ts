import { archiveHistory } from '@agent-sessions/session-core';
import type { CallOptions, Conversation } from '@agent-sessions/session-core';

import type { AgentsSession } from './agents-session.ts';
import { toItem } from '../items/item-message.ts';
import { windowItems, type WindowLimits } from '../items/window.ts';

/**
 * Moves the older items of a session to the end of another conversation, and keeps those that
 * `windowItems` would: nothing that belongs together is torn apart. Between runs; a run that is under
 * way goes on with what it has read.
 *
 * @returns how many items left the session
 * @throws SessionError `conflict` where others have written meanwhile: do it again
 * @see archiveHistory
 */
export function archiveItems(
  session: AgentsSession,
  archive: Conversation,
  { signal, ...limits }: WindowLimits & CallOptions,
): Promise<number> {
  return archiveHistory(session.conversation, archive, {
    keep: (messages) => windowItems(messages.map(toItem), limits).length,
    signal,
  });
}
