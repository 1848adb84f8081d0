import { describe, expect, it } from '@jest/globals';
import { cases } from '@agent-sessions/session-conformance';
import type { Report } from '@agent-sessions/session-conformance';

import type { BrokenStore } from './broken-store.ts';
import { runAll } from './run-all.ts';

/** Registers a test for each store: the kit finds the promises that it breaks, and no others. */
export function findBroken(stores: readonly BrokenStore[]): void {
  describe('the kit finds what is wrong with a store where', () => {
    let reports: ReadonlyMap<BrokenStore, Promise<Report>> | undefined;

    for (const store of stores) {
      const test = async () => {
        reports ??= runAll(stores);
        const report = await reports.get(store);
        const failed = report?.failed ?? [];
        const found = new Set(failed.map((each) => each.case.promise));
        const missed = store.breaks.filter((promise) => !found.has(promise));
        const unexpected = failed
          .filter((each) => !store.breaks.includes(each.case.promise))
          .map(({ case: { promise, name }, error }) => `${promise} › ${name} › ${String(error)}`);
        expect({ missed, unexpected }).toEqual({ missed: [], unexpected: [] });
        expect(report?.skipped).toEqual([]);
        expect((report?.passed.length ?? 0) + failed.length).toBe(cases.length);
      };
      it(store.name, test, 300_000);
    }
  });
}
