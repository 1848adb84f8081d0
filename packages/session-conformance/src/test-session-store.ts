import { CaseRun } from './case-run.ts';
import { cases } from './cases.ts';
import { reasonToSkip } from './run-case.ts';
import type { StoreSetup } from './store-setup.ts';

/** What the kit uses of a test runner: alike in Jest, Vitest and node:test. */
export interface TestRunner {
  describe(name: string, define: () => void): unknown;
  readonly it: RegisterTest & { readonly skip?: RegisterTest | undefined };
}

/** Registers a test. node:test ignores the time limit, and has none of its own. */
export type RegisterTest = (name: string, run: () => Promise<void>, timeoutMs?: number) => unknown;

/** Calls have a deadline of their own: this is for cases that wait for sessions to end. */
const timeoutMs = 120_000;

/**
 * Registers the contract of a session store as tests, one `describe` for each promise.
 *
 * Where the set-up fails or the store hangs in general, one test says so and the rest are skipped.
 * Jest cannot skip a test that runs: there they end at once.
 *
 * @param runner - `describe` and `it` of Jest, Vitest or node:test
 */
export function testSessionStore(runner: TestRunner, setup: StoreSetup): void {
  const { describe } = runner;
  const caseRun = new CaseRun(setup);
  describe(setup.name, () => {
    for (const promise of new Set(cases.map((each) => each.promise))) {
      describe(promise, () => {
        for (const each of cases.filter((other) => other.promise === promise)) {
          // With a parameter, Jest would wait for a callback and Vitest look for a fixture.
          const run = async function run() {
            const reason = await caseRun.run(each);
            if (reason !== undefined) skipRunning(arguments[0], reason);
          };
          const reason = reasonToSkip(each, setup);
          if (reason === undefined) runner.it(each.name, run, timeoutMs);
          else skip(runner.it, `${each.name} (skipped: ${reason})`, reason, run);
        }
      });
    }
  });
}

function skip(it: TestRunner['it'], title: string, reason: string, run: () => Promise<void>): void {
  if (it.skip) it.skip(title, run);
  // The form of node:test, which every version of it has.
  else Reflect.apply(it, undefined, [title, { skip: reason }, run]);
}

/** node:test and Vitest hand a test what skips it; it is a function under Vitest. */
function skipRunning(test: unknown, reason: string): void {
  const isContext = typeof test === 'function' || (typeof test === 'object' && test !== null);
  if (!isContext || !('skip' in test) || typeof test.skip !== 'function') return;
  Reflect.apply(test.skip, test, [reason]);
}
