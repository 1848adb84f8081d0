import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { documentFile, failuresDocument } from '../failures/document.ts';
import { failures } from '../failures/failures.ts';
import { findNumberedTests, isNamed, numberedTestsIn } from '../failures/numbered-tests.ts';

const tests = findNumberedTests('.');

test('every failure that users report has a number, 1 to 25 and the one of size', () => {
  const numbers = Array.from({ length: 25 }, (_, index) => `F${index + 1}`);
  const reported = Object.keys(failures).filter((number) => number.startsWith('F'));
  expect(reported).toEqual([...numbers, 'Fsize']);
});

test.each(Object.keys(failures))('%s has a test', (number) => {
  expect(tests.map((each) => each.number)).toContain(number);
});

test('every numbered test is of a failure', () => {
  expect(tests.filter(({ number }) => !(number in failures))).toEqual([]);
});

test('the document lists the tests that exist, and no others', () => {
  // If not: npm run failures -- --write
  expect(readFileSync(documentFile, 'utf8')).toBe(failuresDocument(tests));
});

test('titles are found wherever they stand, and by what Jest makes of them', () => {
  const source = `
    describe.each(ways)('F1 On %s, "all" is well', () => {
      test(
        "F2 it's there",
      );
      test('without a number, F3 or not', async () => {});
    });
  `;
  const found = numberedTestsIn('a.test.ts', source);
  expect(found.map(({ number, title }) => [number, title])).toEqual([
    ['F1', 'F1 On %s, "all" is well'],
    ['F2', "F2 it's there"],
  ]);
  const [first, second] = found;
  expect(first && isNamed(first, 'F1 On a cluster, "all" is well what it does')).toBe(true);
  expect(first && isNamed(first, 'F1 On a cluster, all is well')).toBe(false);
  expect(second && isNamed(second, "F1 On a cluster, F2 it's there")).toBe(true);
  expect(second && isNamed(second, 'F1 On a cluster')).toBe(false);
});
