import { describe, expect, it } from '@jest/globals';
import { cases, reasonToSkip } from '@agent-sessions/session-conformance';
import type { Case, Report } from '@agent-sessions/session-conformance';

import type { BrokenStore } from './broken-stores/broken-store.ts';
import { everyBrokenStore } from './broken-stores/every.ts';
import { runAll } from './broken-stores/run-all.ts';
import { allCapabilities } from './sharing-store.ts';

/**
 * The cases that must find what is wrong with a store, and every twelfth of those that must not,
 * others for each store. `npm run conformance`, which is a step of CI, runs all on all.
 */
function tellingCases({ breaks }: BrokenStore, index: number): Case[] {
  return cases.filter(
    ({ promise }, at) => breaks.length === 0 || breaks.includes(promise) || at % 12 === index % 12,
  );
}

describe('the kit finds what is wrong with a store where', () => {
  let reports: ReadonlyMap<BrokenStore, Promise<Report>> | undefined;

  for (const [index, store] of everyBrokenStore.entries()) {
    const test = async () => {
      reports ??= runAll(everyBrokenStore, tellingCases);
      const report = await reports.get(store);
      const failed = report?.failed ?? [];
      const found = new Set(failed.map((each) => each.case.promise));
      const missed = store.breaks.filter((promise) => !found.has(promise));
      const unexpected = failed
        .filter((each) => !store.breaks.includes(each.case.promise))
        .map(({ case: { promise, name }, error }) => `${promise} › ${name} › ${String(error)}`);
      expect({ missed, unexpected }).toEqual({ missed: [], unexpected: [] });
      const { capabilities = allCapabilities } = store;
      const toRun = tellingCases(store, index).filter(
        (each) => !reasonToSkip(each, { ...store, capabilities }),
      );
      expect((report?.passed.length ?? 0) + failed.length).toBe(toRun.length);
    };
    it(store.name, test, 300_000);
  }
});
