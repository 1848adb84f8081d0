import { cases } from './cases.ts';
import { reasonToSkip, runCase } from './run-case.ts';
import type { StoreSetup } from './store-setup.ts';

/** What the kit uses of a test runner: alike in Jest, Vitest and node:test. */
export interface TestRunner {
  describe(name: string, define: () => void): unknown;
  readonly it: RegisterTest & { readonly skip?: RegisterTest | undefined };
}

/** Registers a test. node:test ignores the time limit, and has none of its own. */
export type RegisterTest = (name: string, run: () => Promise<void>, timeoutMs?: number) => unknown;

/** For slow machines and far servers: Jest and Vitest would give up after 5 seconds. */
const timeoutMs = 60_000;

/**
 * Registers the contract of a session store as tests, one `describe` for each promise.
 *
 * @param runner - `describe` and `it` of Jest, Vitest or node:test
 */
export function testSessionStore(runner: TestRunner, setup: StoreSetup): void {
  const { describe } = runner;
  describe(setup.name, () => {
    for (const promise of new Set(cases.map((each) => each.promise))) {
      describe(promise, () => {
        for (const each of cases.filter((other) => other.promise === promise)) {
          const run = () => runCase(each, setup);
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
