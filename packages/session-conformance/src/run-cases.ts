import { setImmediate as turn } from 'node:timers/promises';

import type { Case } from './case.ts';
import { cases as allCases } from './cases.ts';
import { reasonToSkip, runCase } from './run-case.ts';
import type { StoreSetup } from './store-setup.ts';

/** What became of the cases. */
export interface Report {
  readonly passed: readonly Case[];
  readonly failed: readonly { readonly case: Case; readonly error: unknown }[];
  readonly skipped: readonly { readonly case: Case; readonly reason: string }[];
}

/** Runs the kit without a test runner, one case after the other. Never throws for a broken promise. */
export async function runCases(
  setup: StoreSetup,
  cases: readonly Case[] = allCases,
): Promise<Report> {
  const passed: Case[] = [];
  const failed: { case: Case; error: unknown }[] = [];
  const skipped: { case: Case; reason: string }[] = [];
  for (const each of cases) {
    // Stores in memory never wait, so that nothing else in the process would get its turn.
    await turn();
    const reason = reasonToSkip(each, setup);
    if (reason !== undefined) {
      skipped.push({ case: each, reason });
      continue;
    }
    try {
      await runCase(each, setup);
      passed.push(each);
    } catch (error) {
      failed.push({ case: each, error });
    }
  }
  return { passed, failed, skipped };
}
