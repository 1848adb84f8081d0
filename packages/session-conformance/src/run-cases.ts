import { setImmediate as turn } from 'node:timers/promises';

import { CaseRun } from './case-run.ts';
import type { Case } from './case.ts';
import { cases as allCases } from './cases.ts';
import { reasonToSkip } from './run-case.ts';
import type { StoreSetup } from './store-setup.ts';

/** What became of the cases. */
export interface Report {
  readonly passed: readonly Case[];
  readonly failed: readonly { readonly case: Case; readonly error: unknown }[];
  readonly skipped: readonly { readonly case: Case; readonly reason: string }[];
}

/**
 * Runs the kit without a test runner, one case after the other. Never throws for a broken promise.
 * Where the set-up fails or the store hangs in general, the cases that follow are skipped.
 */
export async function runCases(
  setup: StoreSetup,
  cases: readonly Case[] = allCases,
): Promise<Report> {
  const passed: Case[] = [];
  const failed: { case: Case; error: unknown }[] = [];
  const skipped: { case: Case; reason: string }[] = [];
  const caseRun = new CaseRun(setup);
  for (const each of cases) {
    // Stores in memory never wait, so that nothing else in the process would get its turn.
    await turn();
    try {
      const reason = reasonToSkip(each, setup) ?? (await caseRun.run(each));
      if (reason === undefined) passed.push(each);
      else skipped.push({ case: each, reason });
    } catch (error) {
      failed.push({ case: each, error });
    }
  }
  return { passed, failed, skipped };
}
