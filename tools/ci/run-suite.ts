import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';

import { providePython } from '../python.ts';
import { reasonOf } from '../reason.ts';
import { inTemporaryFolder } from './in-temporary-folder.ts';
import { runProgram } from './run-program.ts';
import type { Tally } from './tally.ts';

export interface SuiteOptions {
  /** What runs Jest. @defaultValue `npm test --`, as the README has it */
  readonly command?: readonly [string, ...string[]] | undefined;
  /** Parts of the paths of the files that are run. @defaultValue all */
  readonly files?: readonly string[] | undefined;
  /** Parts of the paths of those that are not. @defaultValue none */
  readonly except?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** What we need of Jest's report. */
const Report = Type.Object({
  testResults: Type.Array(
    Type.Object({
      name: Type.String(),
      status: Type.String(),
      assertionResults: Type.Array(Type.Object({ fullName: Type.String(), status: Type.String() })),
    }),
  ),
});

/** Runs tests and counts each. One that is skipped must say why, and the reason must hold. */
export async function runSuite(
  tally: Tally,
  { command = ['npm', 'test', '--'], files = [], except = [], env }: SuiteOptions,
): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const reportFile = join(folder, 'report.json');
    // The option takes all that follows it, up to the next one.
    const ignoring = ['--testPathIgnorePatterns', '/node_modules/', ...except];
    const reporting = ['--json', `--outputFile=${reportFile}`];
    const [program, ...args] = [...command, ...ignoring, ...reporting, ...files];
    let problem: string | undefined;
    try {
      await runProgram(program, args, { env, shown: true, lastWords: 'Jest did not exit' });
    } catch (error) {
      problem = reasonOf(error);
    }
    const failedBefore = tally.failed.length;
    try {
      const report: unknown = JSON.parse(await readFile(reportFile, 'utf8'));
      await count(tally, Value.Parse(Report, report));
    } catch (error) {
      problem ??= reasonOf(error);
    }
    // Jest fails with every test passed where a set-up, a tear-down or Jest itself failed.
    if (problem !== undefined && tally.failed.length === failedBefore) {
      tally.fail('the test run', problem);
    }
  });
}

async function count(tally: Tally, report: Static<typeof Report>): Promise<void> {
  for (const { name, status, assertionResults } of report.testResults) {
    const file = relative('.', name);
    for (const result of assertionResults) {
      const title = `${file}: ${result.fullName}`;
      if (result.status === 'passed') tally.passed += 1;
      else if (result.status === 'failed') tally.fail(title, 'see above');
      else await countSkipped(tally, title);
    }
    const failed = assertionResults.some((result) => result.status === 'failed');
    if (status === 'failed' && !failed) tally.fail(file, 'it could not be run, see above');
  }
}

async function countSkipped(tally: Tally, title: string): Promise<void> {
  const reason = /\(skipped: (.+)\)$/s.exec(title)?.[1];
  if (reason === undefined) tally.fail(title, 'it is skipped and does not say why');
  else if (reason.includes('Python') && (await providePython()).path !== undefined) {
    tally.fail(title, 'it is skipped, but there is a Python');
  } else tally.skip(title);
}
