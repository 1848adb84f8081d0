import { setTimeout as sleep } from 'node:timers/promises';

import { SessionError } from '@agent-sessions/session-core';

import { isConnectionFault, toSessionError } from './redis-errors.ts';

/** @see {@link callRedis} */
export interface RedisCall {
  readonly deadlineMs: number;
  /** Doing it twice does no harm, so it may be sent again after the connection was lost. */
  readonly repeatable: boolean;
  /** It changes something, so a lost answer leaves its outcome open. */
  readonly writes: boolean;
  readonly operationId?: string | undefined;
}

/** Between two tries: node-redis needs a moment to find out that it is connected again. */
const pauseMs = 20;

/**
 * Calls Redis so that it settles within a deadline, and repeats what may be repeated if the
 * connection is lost meanwhile. node-redis alone leaves a command that was sent and not answered
 * hanging until the socket dies.
 *
 * @throws SessionError saying what happened, and whether the outcome is known
 */
export async function callRedis<T>(send: () => Promise<T>, call: RedisCall): Promise<T> {
  const { deadlineMs, operationId } = call;
  const end = performance.now() + deadlineMs;
  const details = { outcome: call.writes ? 'unknown' : 'not_applied', operationId } as const;
  const expiry = new AbortController();
  const timeout = sleep(deadlineMs, undefined, { signal: expiry.signal }).then(() => {
    throw new SessionError(
      'timeout',
      `Redis did not answer within ${deadlineMs} ms. ${
        call.writes
          ? 'The change may have been made: repeat it with the same operation id.'
          : 'Repeat the call.'
      }`,
      { ...details, retryable: true },
    );
  });
  try {
    for (;;) {
      try {
        return await Promise.race([send(), timeout]);
      } catch (error) {
        const timeLeft = performance.now() + pauseMs < end;
        if (!(call.repeatable && timeLeft && isConnectionFault(error))) {
          throw toSessionError(error, details);
        }
      }
      await sleep(pauseMs);
    }
  } finally {
    expiry.abort();
    timeout.catch(() => {});
  }
}
