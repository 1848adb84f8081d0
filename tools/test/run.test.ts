import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startProgram } from './start-program.ts';

// A repository with nothing but the file under test, and no dependencies.
let clone: string;
beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'agent-sessions-clone-'));
  write('package.json', '{ "name": "clone", "version": "1.0.0" }');
  write('package-lock.json', lockFile('1.0.0'));
  mkdirSync(join(clone, 'tools'));
  copyFileSync('tools/run.mjs', join(clone, 'tools/run.mjs'));
});
afterAll(() => {
  rmSync(clone, { recursive: true });
});

test('dependencies are installed first, once, and again when the lock file has changed', async () => {
  const installing = /^Installing dependencies \(npm ci\)/;
  expect((await run('format')).errors).toMatch(installing);
  expect((await run('format')).errors).not.toMatch(installing);
  write('package.json', '{ "name": "clone", "version": "1.0.1" }');
  write('package-lock.json', lockFile('1.0.1'));
  expect((await run('format')).errors).toMatch(installing);
});

test('check runs all its steps and fails if one fails', async () => {
  const says = (text: string, code: number) =>
    `console.error('${text}'); process.exitCode = ${code};`;
  write('node_modules/typescript/bin/tsc', says('types', 2));
  write('node_modules/oxlint/bin/oxlint', says('lint', 0));
  write('node_modules/oxfmt/bin/oxfmt', says('format', 0));
  // What runs our own tools, in place of them.
  write('node_modules/tsx/index.js', `${says('generated', 0)} process.exit();`);
  expect(await run('check')).toEqual({ code: 2, errors: 'types\nlint\nformat\ngenerated\n' });
});

test('an unknown command is answered with the known ones', async () => {
  const { code, errors } = await run('tset');
  expect(code).toBe(1);
  expect(errors).toMatch(/^Usage: node tools\/run\.mjs demo\|redis\|test\|/);
});

async function run(command: string) {
  const program = startProgram(join(clone, 'tools/run.mjs'), [command]);
  const code = await program.exited;
  return { code, errors: program.errors };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), text);
}

function lockFile(version: string): string {
  return JSON.stringify({
    name: 'clone',
    version,
    lockfileVersion: 3,
    requires: true,
    packages: { '': { name: 'clone', version } },
  });
}
