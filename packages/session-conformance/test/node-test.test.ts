import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect, it } from '@jest/globals';
import { cases, reasonToSkip, runCases } from '@agent-sessions/session-conformance';

import { BoastingStore } from './boasting-store.ts';

const file = fileURLToPath(new URL('on-node-test.ts', import.meta.url));

it('the kit runs under node:test', async () => {
  const running = nodeTest(file);
  const capabilities = {
    durable: false,
    sharedWriters: false,
    expiry: true,
    state: true,
    sessions: true,
  };
  const create = () => ({ open: () => new BoastingStore() });
  const setup = { name: 'boasting', capabilities, create };
  const skipped = cases.filter((each) => reasonToSkip(each, setup));
  const { failed } = await runCases(setup);
  expect(failed).not.toEqual([]);

  const report = await running;
  // Of the one that cannot be opened, one test fails and the others are skipped.
  expect(count(report, 'tests')).toBe(3 * cases.length);
  expect(count(report, 'skipped')).toBe(2 * skipped.length + cases.length - 1);
  expect(count(report, 'fail')).toBe(failed.length + 1);
  expect(count(report, 'pass')).toBe(2 * (cases.length - skipped.length) - failed.length);
  expect(report).toMatch(
    /# SKIP not run after “.*” had failed: SetupFault: create\(\) .* no database/,
  );

  // Twice by it.skip, once by the option.
  const title = `${skipped[0]?.name} (skipped: ${skipped[0] && reasonToSkip(skipped[0], setup)})`;
  const lines = report.split('\n').filter((line) => /^ *ok .* # SKIP/.test(line));
  expect(lines.filter((line) => line.includes(title)).length).toBe(3);
}, 120_000);

function count(report: string, what: string): number {
  return Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(report)?.[1]);
}

function nodeTest(path: string): Promise<string> {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const options = ['--import', 'tsx', '--conditions=@agent-sessions/source'];
  const child = spawn(process.execPath, [...options, '--test', '--test-reporter=tap', path], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let report = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (report += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(report));
  });
}
