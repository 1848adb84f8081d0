import { setTimeout as sleep } from 'node:timers/promises';

import { SessionError } from '@agent-sessions/session-core';
import type { CommitResult, Message, SessionStore } from '@agent-sessions/session-core';
import type { Begun, Journal } from './journal.ts';
import { isWhole, messageOf, operation, type Workload } from './workload.ts';

export interface ClientOptions extends Workload {
  readonly journal: Journal;
  readonly store: Pick<SessionStore, 'commit' | 'read'>;
  /** Asked before every operation: whether to go on after so many acknowledged commits. */
  readonly mayGoOn: (acknowledged: number) => Promise<boolean>;
  readonly onAcknowledged?: (count: number) => void;
  /** Between two tries. @defaultValue 20 */
  readonly pauseMs?: number;
}

/**
 * Commits, one operation after the other, and repeats each with its operation id until it is known
 * what became of it. Goes on where its journal ends, also in the middle of an operation.
 */
export async function runClient(options: ClientOptions): Promise<void> {
  const { journal, store, mayGoOn, onAcknowledged = () => {} } = options;
  const ended = journal.entries.filter((entry) => entry.kind === 'ended');
  const last = journal.entries.filter((entry) => entry.kind === 'begun').at(-1);
  let acknowledged = ended.filter((entry) => !entry.refused).length;
  let number = (last?.number ?? -1) + 1;
  const isOpen = last && !ended.some(({ operationId }) => operationId === last.operationId);

  const settle = async (begun: Begun) => {
    const { refused } = await commit(begun, options);
    if (!refused) onAcknowledged((acknowledged += 1));
  };
  if (isOpen) await settle(last);
  while (await mayGoOn(acknowledged)) {
    const begun = await operation(options, number, async (session) => {
      const { mark } = await untilKnown(options, () => store.read(session, { last: 1 }));
      return mark;
    });
    number += 1;
    journal.add(begun);
    await settle(begun);
  }
}

async function commit(begun: Begun, options: ClientOptions) {
  const { store, journal } = options;
  const { operationId, session, drop, append, expect } = begun;
  let tries = 0;
  const send = () => {
    tries += 1;
    return store.commit(session, {
      operationId,
      drop,
      append: append.map(messageOf),
      returnDropped: true,
      ...(expect && { expect }),
    });
  };
  const result = await untilKnown(options, send).catch((error: unknown) => {
    // Somebody else was faster; the session is another only where a server has lost all it had.
    if (codeOf(error) === 'conflict' || codeOf(error) === 'session_not_found') return refusal;
    throw error;
  });
  const { mark, repeated } = result;
  const refused = result === refusal;
  const dropped = result.dropped.map(nameOf);
  journal.add({
    ...{ kind: 'ended', operationId, atMs: Date.now(), refused },
    ...{ repeated, tries, mark, dropped },
  });
  return { refused };
}

const refusal: CommitResult = { mark: null, revision: null, repeated: false, dropped: [] };

/** Repeats a call while its outcome is unknown or the trouble passes. */
async function untilKnown<Result>(
  { pauseMs = 20 }: ClientOptions,
  call: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const mayRepeat =
        error instanceof SessionError && (error.retryable || error.outcome === 'unknown');
      if (!mayRepeat) throw error;
    }
    await sleep(pauseMs);
  }
}

function nameOf(message: Message): string {
  return isWhole(message) ? message.id : `changed ${message.id}`;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof SessionError ? error.code : undefined;
}
