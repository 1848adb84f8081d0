// `npm run failures`: runs the tests that are numbered after a failure, and prints for each failure
// what its tests came to. With `--write` it writes the table without the results instead. Other
// arguments are Jest's.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';

import { documentFile, failuresDocument } from './failures/document.ts';
import { failures } from './failures/failures.ts';
import { findNumberedTests, isNamed, numberedPattern } from './failures/numbered-tests.ts';

/** What we need of Jest's report. */
const Report = Type.Object({
  testResults: Type.Array(
    Type.Object({
      name: Type.String(),
      assertionResults: Type.Array(Type.Object({ fullName: Type.String(), status: Type.String() })),
    }),
  ),
});

const root = process.cwd();
const args = process.argv.slice(2);
const tests = findNumberedTests(root);

if (args.includes('--write')) writeFileSync(documentFile, failuresDocument(tests));
else printResults(runJest([...new Set(tests.map(({ file }) => file))]));

function runJest(files: readonly string[]): Static<typeof Report> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-sessions-failures-'));
  const report = join(folder, 'report.json');
  try {
    const jest = ['node_modules/jest/bin/jest.js', '--runTestsByPath', ...files];
    const options = ['-t', numberedPattern, '--json', `--outputFile=${report}`, ...args];
    const flags = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
    // Jest reports to standard error; its JSON on standard output is in the file, too.
    spawnSync(process.execPath, [...jest, ...options], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} ${flags}`.trim() },
    });
    return Value.Parse(Report, JSON.parse(readFileSync(report, 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function printResults({ testResults }: Static<typeof Report>): void {
  for (const [number, failure] of Object.entries(failures)) {
    console.log(`\n${number}  ${failure}`);
    const own = tests.filter((each) => each.number === number);
    for (const each of own) {
      const results = testResults
        .filter(({ name }) => relative(root, name) === each.file)
        .flatMap(({ assertionResults }) => assertionResults)
        .filter(({ fullName }) => isNamed(each, fullName));
      const count = (status: string) => results.filter((result) => result.status === status).length;
      const passes = count('passed') > 0 && count('failed') === 0;
      if (!passes) process.exitCode = 1;
      const result = passes ? 'passed' : count('failed') > 0 ? 'FAILED' : 'NOT RUN';
      const counts = `${count('passed')} passed, ${count('failed')} failed, ${count('pending')} skipped`;
      console.log(`    ${result}: ${each.file}: ${each.title} (${counts})`);
    }
    if (own.length > 0) continue;
    console.log('    NO TEST');
    process.exitCode = 1;
  }
}
