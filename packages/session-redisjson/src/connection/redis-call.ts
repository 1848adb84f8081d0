import { setTimeout as sleep } from 'node:timers/promises';

import { aborted, SessionError } from '@agent-sessions/session-core';
import type { SessionErrorDetails } from '@agent-sessions/session-core';

import { isConnectionFault, isPassing, toSessionError } from './redis-errors.ts';

/** @see {@link callRedis} */
export interface RedisCall {
  readonly deadlineMs: number;
  /** Doing it twice does no harm, so it may be sent again after the connection was lost. */
  readonly repeatable: boolean;
  /** It changes something, so a lost answer leaves its outcome open. */
  readonly writes: boolean;
  readonly operationId?: string | undefined;
  /** The caller's way to end the call earlier. */
  readonly signal?: AbortSignal | undefined;
}

/** Between two tries: node-redis needs a moment to find out that it is connected again. */
const pauseMs = 20;

/**
 * Calls Redis so that it settles within a deadline, and repeats what may be repeated if the
 * connection is lost meanwhile or the server is still starting. node-redis alone leaves a command
 * that was sent and not answered hanging until the socket dies.
 *
 * @throws SessionError saying what happened, and whether the outcome is known
 */
export async function callRedis<T>(send: () => Promise<T>, call: RedisCall): Promise<T> {
  const { deadlineMs, operationId, writes, signal } = call;
  if (signal?.aborted) throw aborted(signal, { operationId });
  const details = { outcome: writes ? 'unknown' : 'not_applied', operationId } as const;
  const end = performance.now() + deadlineMs;
  const interruption = new Interruption(deadlineMs, signal);
  let answerWasLost = false;
  try {
    for (;;) {
      try {
        return await interruption.orElse(send);
      } catch (error) {
        const timeLeft = performance.now() + pauseMs < end;
        const passes = isConnectionFault(error) || isPassing(error);
        if (!(call.repeatable && timeLeft && passes)) throw error;
        answerWasLost ||= isConnectionFault(error);
      }
      await interruption.orElse(() => sleep(pauseMs));
    }
  } catch (error) {
    if (error === interrupted && signal?.aborted) throw aborted(signal, details);
    if (error === interrupted) throw timeout(deadlineMs, details);
    const failure = toSessionError(error, details);
    throw answerWasLost ? asUncertain(failure, details) : failure;
  } finally {
    interruption.end();
  }
}

/** Beyond this, Node's timers fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** What a call ends with when its deadline has passed or its caller's signal is aborted. */
const interrupted = Symbol('interrupted');

/** The deadline of a call, and its caller's signal. */
class Interruption {
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  #isOver = false;
  /** Ends what is waited for at the time. Cheaper than a promise of it, raced at every call. */
  #giveUp = () => {};

  constructor(deadlineMs: number, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#timer = setTimeout(this.#stop, Math.min(deadlineMs, longestTimerMs));
    if (signal) addStop(signal, this.#stop);
  }

  readonly #stop = () => {
    this.#isOver = true;
    this.#giveUp();
  };

  /** What the work comes to, or a rejection with `interrupted` if that is earlier. */
  orElse<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(interrupted);
      if (this.#isOver) this.#giveUp();
      else work().then(resolve, reject);
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    if (this.#signal) removeStop(this.#signal, this.#stop);
  }
}

/** What to stop when a signal is aborted: one listener, for Node warns of more than ten. */
const stops = new WeakMap<AbortSignal, { readonly all: Set<() => void>; listener(): void }>();

function addStop(signal: AbortSignal, stop: () => void): void {
  const known = stops.get(signal);
  if (known) known.all.add(stop);
  else {
    const all = new Set([stop]);
    const listener = () => {
      for (const each of all) each();
    };
    stops.set(signal, { all, listener });
    signal.addEventListener('abort', listener);
  }
}

function removeStop(signal: AbortSignal, stop: () => void): void {
  const known = stops.get(signal);
  known?.all.delete(stop);
  if (!known || known.all.size > 0) return;
  stops.delete(signal);
  signal.removeEventListener('abort', known.listener);
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

function timeout(deadlineMs: number, details: SessionErrorDetails): SessionError {
  const advice =
    details.outcome === 'unknown'
      ? 'The change may have been made: repeat it with the same operation id.'
      : 'Repeat the call.';
  return new SessionError('timeout', `Redis did not answer within ${deadlineMs} ms. ${advice}`, {
    ...details,
    retryable: true,
  });
}
