import { setTimeout as sleep } from 'node:timers/promises';

import { aborted } from '@agent-sessions/session-core';

/** How long somebody waits for those before, who may be waiting for a server that hangs. */
const maxWaitMs = 1000;

/**
 * Lets those who want the same thing go one after the other. It is a courtesy, which saves them
 * conflicts, and no lock: who has waited for a second goes ahead.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** @throws SessionError `aborted` where the signal ends the waiting */
  async take<T>(name: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const turn = before === undefined ? run() : this.#after(before, signal, run);
    const done = Promise.allSettled([before, turn]);
    this.#last.set(name, done);
    try {
      return await turn;
    } finally {
      // The last one out: nobody waits for what is over.
      void done.then(() => {
        if (this.#last.get(name) === done) this.#last.delete(name);
      });
    }
  }

  async #after<T>(
    before: Promise<unknown>,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const over = new AbortController();
    const ends = signal ? [signal, over.signal] : [over.signal];
    const late = sleep(maxWaitMs, undefined, { signal: AbortSignal.any(ends) });
    await Promise.race([before, late]).catch(() => {});
    over.abort();
    if (signal?.aborted) throw aborted(signal);
    return run();
  }
}
