import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { catalogue, ping } from '../peers/catalogue.ts';
import { chartOf } from '../report/chart.ts';
import { goalsOf } from '../report/goals.ts';
import { regressionsOf } from '../report/guard.ts';
import { tablesOf } from '../report/markdown.ts';
import { published, withFigures } from '../report/publish.ts';
import { parseResults } from '../report/results.ts';
import { importRatio, ownBundle } from '../workloads/start-up.ts';
import { cachedSession } from '../workloads/turns.ts';

const results = parseResults(readFileSync(published.results, 'utf8'));

// Where one fails: npm run bench -- --publish, or with --anew where only the form has changed. No figure
// in the documentation is written by hand.
describe('What is published is what a run has printed:', () => {
  test('the tables', () => {
    expect(readFileSync(published.tables, 'utf8')).toBe(tablesOf(results));
  });

  test('the chart', async () => {
    expect(readFileSync(published.chart, 'utf8')).toBe(await chartOf(results));
  });

  test('the figures of the README', () => {
    const readme = readFileSync(published.readme, 'utf8');
    expect(readme).toBe(withFigures(readme, results));
  });

  test('the goals, by the rules of today', () => {
    const { goals, ...measured } = results;
    expect(goalsOf(measured)).toEqual(goals);
  });

  test('with the machine, the versions and the date', () => {
    const { machine, versions, date } = results;
    expect(tablesOf(results)).toContain(machine.cpu);
    expect(tablesOf(results)).toContain(date.slice(0, 10));
    for (const version of Object.values(versions)) expect(tablesOf(results)).toContain(version);
  });
});

// It may be older than a peer, a goal or a table: those come with the next one.
test('the published run had every peer of its time, at every kind of work', () => {
  expect(results.absent).toEqual([]);
  const names = results.peers.map(({ name }) => name);
  const today = [...Object.keys(catalogue), 'Python class JSONSession', 'Python RedisSession'];
  expect(names.filter((name) => !today.includes(name))).toEqual([]);
  const works = new Set(results.rows.map(({ work, inFlight }) => `${work} ${inFlight}`));
  for (const each of works) {
    const peers = results.rows
      .filter(({ work, inFlight }) => `${work} ${inFlight}` === each)
      .map(({ peer }) => peer);
    const reads = !each.startsWith('append');
    expect(peers.toSorted()).toEqual(names.filter((name) => !reads || name !== ping).toSorted());
  }
});

test('a README without a place for figures is refused', () => {
  expect(() => withFigures('# Nothing', results)).toThrow('has no lines');
});

describe('The guard', () => {
  const growing = (row: (typeof results.turns)[number]) =>
    row.peer === cachedSession && row.length > 1000
      ? { ...row, receivedBytes: Number(row.receivedBytes) * 10 }
      : row;
  const slower = (figures: typeof results.long, part: string) =>
    figures.map((each) => (each.what.includes(part) ? { ...each, value: each.value * 10 } : each));

  const newer = [
    { what: importRatio, value: 0.2, unit: '×' },
    { what: ownBundle, value: 100, unit: 'kB' },
  ].filter(({ what }) => !results.startUp.some((row) => row.what === what));
  const good = { ...results, startUp: [...results.startUp, ...newer] };

  test('lets the published run pass', () => {
    expect(regressionsOf(good)).toEqual([]);
  });

  test.each([
    ['a peer is missing', { absent: [{ name: 'Python', reason: 'no network' }] }, /Python is not/],
    [
      'a commit costs the server more',
      { guarantees: slower(results.guarantees, 'a commit: server') },
      /A commit takes/,
    ],
    [
      'an append grows with history',
      { long: slower(results.long, 'add one message, at 100000') },
      /An append at/,
    ],
    ['a cached turn does', { turns: results.turns.map(growing) }, /A cached turn/],
  ])('says where %s', (_what, change, problem) => {
    expect(regressionsOf({ ...good, ...change })).toEqual([expect.stringMatching(problem)]);
  });
});
