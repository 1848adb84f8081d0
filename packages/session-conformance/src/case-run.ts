import { NoAnswer } from './call-watch.ts';
import type { Case } from './case.ts';
import { runCase } from './run-case.ts';
import { SetupFault } from './setup-fault.ts';
import type { StoreSetup } from './store-setup.ts';

/** A store that hangs in general is known by so many cases, and each has to wait for it. */
const hangingCases = 3;

/**
 * Runs the cases of one set-up, until it is clear that the rest would all fail alike: one fault is
 * one red test, and not hundreds.
 */
export class CaseRun {
  readonly #setup: StoreSetup;
  #hanging = 0;
  #reasonToEnd: string | undefined;

  constructor(setup: StoreSetup) {
    this.#setup = setup;
  }

  /**
   * Answers why the case was not run; `undefined` where its promise is kept.
   *
   * @throws Error where the promise is broken, a call does not answer or the set-up fails
   */
  async run(next: Case): Promise<string | undefined> {
    if (this.#reasonToEnd !== undefined) return this.#reasonToEnd;
    try {
      await runCase(next, this.#setup);
      return undefined;
    } catch (error) {
      const isHanging = error instanceof NoAnswer;
      if (!isHanging && !(error instanceof SetupFault)) throw error;
      // Of cases that run at the same time, one says it.
      if (this.#reasonToEnd !== undefined) return this.#reasonToEnd;
      if (isHanging) this.#hanging += 1;
      if (!isHanging || this.#hanging === hangingCases) {
        this.#reasonToEnd = `not run after “${next.name}” had failed: ${String(error)}`;
      }
      throw error;
    }
  }
}
