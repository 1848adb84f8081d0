import type { Results, Row } from './results.ts';

/** What the first page shows, as a picture and as a table: one conversation at a time, the median. */
export const headline = [
  { rows: 'rows', work: 'append 1', title: 'Add one message' },
  {
    rows: 'distant',
    work: 'append 1',
    title: 'Add one message, a millisecond longer there and back',
  },
  { rows: 'rows', work: 'last 50 of 10000', title: 'Read the last 50 of 10,000' },
  { rows: 'rows', work: 'all of 1000', title: 'Read all of 1,000' },
] as const;

/** The rows of a run at one of these. */
export function rowsOf(results: Results, { rows, work }: (typeof headline)[number]): Row[] {
  return results[rows].filter((row) => row.work === work && row.inFlight === 1);
}

export function timeOf({ p50Us }: Row): string {
  return p50Us < 1000 ? `${p50Us.toFixed(0)} µs` : `${(p50Us / 1000).toFixed(1)} ms`;
}
