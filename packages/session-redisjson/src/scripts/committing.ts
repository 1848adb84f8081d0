import { hash } from 'node:crypto';

import type { Message, SessionError } from '@agent-sessions/session-core';

import { decodeMessages } from '../document/history.ts';
import { type CommitReply, parseCommitReply, parseRecords } from './commit-reply.ts';
import type { CommitRequest } from './commit-request.ts';

/** What a commit came to, and the messages that were dropped, as they were looked at before. */
export type Committed = Exclude<CommitReply, { status: 'look' }> & {
  readonly judged: readonly Message[];
};

/**
 * Commits, in two calls where messages are dropped that have to be looked at: nothing is dropped
 * that cannot be read. Somebody who commits in between lets it look again.
 *
 * @param run - runs the script with these arguments
 * @param onDamaged - told of what is to be dropped and cannot be read: throws where it must stay
 * @throws SessionError `damaged_message`
 */
export async function runCommit(
  sessionId: string,
  request: CommitRequest,
  run: (args: string[]) => Promise<unknown>,
  onDamaged: (damage: SessionError) => void,
): Promise<Committed> {
  let judged: readonly Message[] = [];
  let sha1: string | undefined;
  for (;;) {
    const reply = parseCommitReply(await run(request.args(sha1)), request);
    if (reply.status !== 'look') {
      // Where others have dropped all in between, nothing is left of what was looked at.
      const isDropped = reply.status === 'committed' && reply.dropped > 0;
      return { ...reply, judged: isDropped ? judged : [] };
    }
    judged = decodeMessages(sessionId, parseRecords(reply.text), reply.first, onDamaged);
    sha1 = hash('sha1', reply.text);
  }
}
