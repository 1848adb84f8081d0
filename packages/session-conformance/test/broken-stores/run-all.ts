import { cases as allCases, runCases } from '@agent-sessions/session-conformance';
import type { Case, Report } from '@agent-sessions/session-conformance';

import { allCapabilities } from '../sharing-store.ts';
import type { BrokenStore } from './broken-store.ts';

/** At the same time, because what takes long is waiting for TTLs. */
const atATime = 30;

/** Runs the kit on each store: all cases, or those that are chosen for it. */
export function runAll(
  stores: readonly BrokenStore[],
  casesFor: (store: BrokenStore, index: number) => readonly Case[] = () => allCases,
): Map<BrokenStore, Promise<Report>> {
  const lanes: Promise<unknown>[] = [];
  const reports = new Map<BrokenStore, Promise<Report>>();
  for (const [index, store] of stores.entries()) {
    const lane = index % atATime;
    const run = () => runCases({ capabilities: allCapabilities, ...store }, casesFor(store, index));
    const report = Promise.resolve(lanes[lane]).then(run);
    lanes[lane] = report;
    reports.set(store, report);
  }
  return reports;
}
