import { isSessionError } from '../contract/errors.ts';
import type { ReadResult, SessionMark } from '../contract/store.ts';
import type { Conversation } from '../conversation.ts';
import { checkMark, checkTtlMs } from '../driver/checks.ts';
import { isSameMark } from '../driver/session-state.ts';

/** Beyond this, Node's timers fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** @see {@link watchHistory} */
export interface WatchOptions {
  /** Tell only what came after this mark. @defaultValue the history as it is, first */
  readonly since?: SessionMark | undefined;
  /** Milliseconds between two looks. @defaultValue 1000 */
  readonly intervalMs?: number | undefined;
  /**
   * Subscribes to what says that it is worth a look now, and answers how to end that. It may say so
   * too often, or never: only how soon changes are told depends on it. @defaultValue only the interval
   */
  readonly wake?: ((look: () => void) => () => void) | undefined;
  /** Ends the watch. @defaultValue it ends with the loop over it */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tells what becomes of a history: first the history as it is, then what is added, as it is added.
 * Where it changes otherwise, or its session is gone, the whole of it is told anew (`continues` is
 * false). What is told, one after the other, is the history, whatever is lost in between.
 *
 *     for await (const { messages, continues } of watchHistory(conversation, { signal })) …
 *
 * A server that cannot be reached for a while is waited for. The watch ends without an error when
 * its signal is aborted.
 *
 * @throws SessionError for what waiting does not mend
 */
export async function* watchHistory(
  conversation: Conversation,
  { since, intervalMs = 1000, wake, signal }: WatchOptions = {},
): AsyncGenerator<ReadResult, void, undefined> {
  checkTtlMs('intervalMs', intervalMs);
  // Of the history that was told: null where there was no session, undefined before the first.
  let told: SessionMark | null | undefined;
  if (since !== undefined) told = checkMark('since', since);
  const bell = new Bell(wake, signal);
  try {
    for (;;) {
      if (signal?.aborted) return;
      const read = await look(conversation, told, signal);
      if (read && !isKnown(told, read.mark)) {
        told = read.mark;
        yield read;
      }
      await bell.rings(intervalMs);
    }
  } finally {
    bell.end();
  }
}

/** Reads what is new; `undefined` where that is not to be had at the moment. */
async function look(
  conversation: Conversation,
  told: SessionMark | null | undefined,
  signal: AbortSignal | undefined,
): Promise<ReadResult | undefined> {
  try {
    return await conversation.read({ since: told ?? undefined, signal });
  } catch (error) {
    const passes = isSessionError(error) && error.retryable;
    if (passes || (signal?.aborted && isSessionError(error, 'aborted'))) return undefined;
    throw error;
  }
}

function isKnown(told: SessionMark | null | undefined, mark: SessionMark | null): boolean {
  if (told === undefined) return false;
  return told === null || mark === null ? told === mark : isSameMark(told, mark);
}

/** Says when to look again: after a while, when it is told to, or when all is to end. */
class Bell {
  readonly #signal: AbortSignal | undefined;
  readonly #unsubscribe: (() => void) | undefined;
  #hasRung = false;
  #wakeUp: (() => void) | undefined;

  constructor(wake: WatchOptions['wake'], signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#ring);
    this.#unsubscribe = wake?.(this.#ring);
  }

  readonly #ring = () => {
    this.#hasRung = true;
    this.#wakeUp?.();
  };

  /** A ring that came while nobody waited counts. */
  async rings(intervalMs: number): Promise<void> {
    if (!this.#hasRung && !this.#signal?.aborted) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wakeUp = resolve;
        timer = setTimeout(resolve, Math.min(intervalMs, longestTimerMs));
      });
      clearTimeout(timer);
    }
    this.#hasRung = false;
  }

  end(): void {
    this.#signal?.removeEventListener('abort', this.#ring);
    this.#unsubscribe?.();
  }
}
