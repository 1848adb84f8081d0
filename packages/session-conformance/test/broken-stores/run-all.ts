import { runCases } from '@agent-sessions/session-conformance';
import type { Report } from '@agent-sessions/session-conformance';

import type { BrokenStore } from './broken-store.ts';

/** At the same time, because what takes long is waiting for TTLs. */
const atATime = 12;

/** Runs the kit on each store. */
export function runAll(stores: readonly BrokenStore[]): Map<BrokenStore, Promise<Report>> {
  const capabilities = { durable: true, sharedWriters: true, expiry: true };
  const lanes: Promise<unknown>[] = [];
  const reports = new Map<BrokenStore, Promise<Report>>();
  for (const [index, store] of stores.entries()) {
    const lane = index % atATime;
    const report = Promise.resolve(lanes[lane]).then(() => runCases({ ...store, capabilities }));
    lanes[lane] = report;
    reports.set(store, report);
  }
  return reports;
}
