import { readFile, writeFile } from 'node:fs/promises';

import { chartOf } from './chart.ts';
import { headlineTable, sourceOf, tablesOf } from './markdown.ts';
import type { Results } from './results.ts';

/** What is published of a run, from the root of the repository. */
export const published = {
  results: 'bench/results.json',
  tables: 'bench/RESULTS.md',
  chart: 'bench/chart.svg',
  readme: 'README.md',
} as const;

const begin = '<!-- Written by npm run bench: begin -->';
const end = '<!-- Written by npm run bench: end -->';

/** Writes a run into the documentation, where a test holds all of it to the results. */
export async function publish(results: Results): Promise<void> {
  await writeFile(published.results, `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(published.tables, tablesOf(results));
  await writeFile(published.chart, await chartOf(results));
  const readme = await readFile(published.readme, 'utf8');
  await writeFile(published.readme, withFigures(readme, results));
}

/**
 * A README with the figures of a run in their place.
 *
 * @throws TypeError where it has no place for them
 */
export function withFigures(readme: string, results: Results): string {
  const [before, rest] = readme.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new TypeError(`README.md has no lines ${begin} and ${end}.`);
  }
  return `${before}${begin}\n\n${headlineTable(results)}\n${sourceOf(results)}\n\n${end}${after}`;
}
