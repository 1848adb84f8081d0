import { aborted, SessionError } from '@agent-sessions/session-core';
import type { SessionErrorDetails } from '@agent-sessions/session-core';

import { Interruption, interrupted } from './interruption.ts';
import {
  isConnectionFault,
  isEnding,
  isNeverSent,
  isPassing,
  tooLarge,
  toSessionError,
} from './redis-errors.ts';
import { Sending } from './sending.ts';

/** When a call began, and who may end it. All that one method of a store asks of Redis shares it. */
export interface CallTime {
  readonly deadlineMs: number;
  /** By `performance.now()`. */
  readonly end: number;
  /** The caller's way to end the call earlier. */
  readonly signal?: AbortSignal | undefined;
}

/** @see {@link callRedis} */
export interface RedisCall extends CallTime {
  /** Doing it twice does no harm, so it may be sent again though it may have been done. */
  readonly repeatable: boolean;
  /** It changes something, so a lost answer leaves its outcome open. */
  readonly writes: boolean;
  readonly operationId?: string | undefined;
  /** The client finds the node of a cluster that serves a key. */
  readonly isCluster?: boolean | undefined;
  /** Told where the deadline has passed without an answer. */
  readonly onTimeout?: (() => void) | undefined;
}

/** The time of a call that begins now. */
export function beginCall(deadlineMs: number, signal?: AbortSignal): CallTime {
  return { deadlineMs, end: performance.now() + deadlineMs, signal };
}

/**
 * Calls Redis so that it settles within a deadline, and repeats what may be repeated if the
 * connection is lost meanwhile or the server refuses for the moment. node-redis alone leaves a
 * command that was sent and not answered hanging until the socket dies, and one that waited for a
 * connection is sent long after its caller was told that it failed.
 *
 * @param send - one try; what it sends can be taken back when the call ends
 * @throws SessionError saying what happened, and whether the outcome is known
 */
export function callRedis<T>(send: (sending: Sending) => Promise<T>, call: RedisCall): Promise<T> {
  const { end, operationId, signal } = call;
  if (signal?.aborted) return Promise.reject(aborted(signal, { operationId }));
  const interruption = new Interruption(end, signal);
  const sending = new Sending();
  return interruption
    .orElse(() => send(sending))
    .then(
      (answer) => {
        interruption.end();
        return answer;
      },
      // Nearly every call succeeds at once: what the others need is made for them.
      (error: unknown) => tryAgain(error, send, call, interruption, sending),
    );
}

async function tryAgain<T>(
  failure: unknown,
  send: (sending: Sending) => Promise<T>,
  call: RedisCall,
  interruption: Interruption,
  sending: Sending,
): Promise<T> {
  const tries = new Tries(call, sending);
  let error = failure;
  try {
    for (;;) {
      await interruption.pause(tries.pauseAfter(error));
      try {
        return await interruption.orElse(() => send(tries.next()));
      } catch (next) {
        error = next;
      }
    }
  } catch (last) {
    throw tries.failure(last);
  } finally {
    interruption.end();
  }
}

/** Between two tries, at first: node-redis needs a moment to find out that it is connected again. */
const shortestPauseMs = 20;
const longestPauseMs = 1000;
/** After so many connections that ended before the answer, it is not the connection's fault. */
const mostEndings = 4;

/** What became of the tries of a call. */
class Tries {
  /** Of the try that is being made. */
  readonly #sending: Sending;
  readonly #call: RedisCall;
  #count = 0;
  #endings = 0;
  /** One before the last may have been done, for all that is known. */
  #answerWasLost = false;
  /** What the last try failed with, until the next is made. */
  #last: unknown;

  constructor(call: RedisCall, sending: Sending) {
    this.#call = call;
    this.#sending = sending;
  }

  next(): Sending {
    this.#last = undefined;
    return this.#sending;
  }

  /**
   * How many milliseconds to wait until the next try: more each time, and not the same for all who
   * were cut off together.
   *
   * @throws the error where there is to be none
   */
  pauseAfter(error: unknown): number {
    const { end, isCluster = false, repeatable } = this.#call;
    if (error === interrupted) throw error;
    const isLost = isConnectionFault(error);
    const mayBeDone = isLost && this.#sending.isSent && !isNeverSent(error);
    this.#answerWasLost ||= mayBeDone;
    this.#endings = isEnding(error) ? this.#endings + 1 : 0;
    const mayRepeat = (isLost && (repeatable || !mayBeDone)) || isPassing(error, isCluster);
    const leftMs = end - performance.now();
    if (!mayRepeat || leftMs < shortestPauseMs || this.#endings === mostEndings) throw error;
    this.#last = error;
    this.#sending.forget();
    const pauseMs = Math.min(shortestPauseMs * 2 ** this.#count, longestPauseMs);
    this.#count += 1;
    return Math.min(pauseMs * (0.5 + Math.random() / 2), leftMs / 2);
  }

  /** The error for the caller; nothing is sent any more. */
  failure(error: unknown): Error {
    const { deadlineMs, isCluster = false, onTimeout, operationId, signal, writes } = this.#call;
    const isSent = this.#sending.isSent && !isNeverSent(error);
    this.#sending.takeBack();
    const isOpen = writes && (isSent || this.#answerWasLost);
    const details = { outcome: isOpen ? 'unknown' : 'not_applied', operationId } as const;
    if (error === interrupted && signal?.aborted) return aborted(signal, details);
    if (error === interrupted) onTimeout?.();
    if (error === interrupted && this.#last === undefined) {
      return timeout(deadlineMs, details, writes && !isSent);
    }
    const reason = error === interrupted ? this.#last : error;
    if (this.#endings === mostEndings) return tooLarge(reason, details);
    const failure = toSessionError(reason, details, isCluster);
    return this.#answerWasLost ? asUncertain(failure, details) : failure;
  }
}

/** Whatever became of the last try: one before it, whose answer was lost, may have made the change. */
function asUncertain(failure: Error, details: SessionErrorDetails): Error {
  if (!(failure instanceof SessionError) || failure.outcome === details.outcome) return failure;
  const { code, message, retryable, cause } = failure;
  return new SessionError(
    code,
    `${message} An earlier try, whose answer was lost, may have made the change: repeat it as it is.`,
    { ...details, retryable, cause },
  );
}

function timeout(
  deadlineMs: number,
  details: SessionErrorDetails,
  neverSent: boolean,
): SessionError {
  const within = `within ${deadlineMs} ms`;
  const advice =
    details.outcome === 'unknown'
      ? `Redis did not answer ${within}. The change may have been made: repeat it with the same operation id.`
      : neverSent
        ? `Redis was not reached ${within}, and nothing was sent. Repeat the call.`
        : `Redis did not answer ${within}. Repeat the call.`;
  return new SessionError('timeout', advice, { ...details, retryable: true });
}
