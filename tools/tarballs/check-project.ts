import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Type from 'typebox';
import { Value } from 'typebox/value';

import { runProgram } from '../ci/run-program.ts';
import type { Tally } from '../ci/tally.ts';
import { provideRedis } from '../redis-server/index.ts';

export interface Tarball {
  /** Of the package. */
  readonly name: string;
  /** The path of the tarball. */
  readonly path: string;
}

/** What a user installs besides, in the versions that this repository is tested with. */
const besides = ['@openai/agents', '@types/node', 'redis', 'typescript', 'zod'];
/** The last major version that runs on Node 20. */
const vitest = 'vitest@4.1.12';

const Manifest = Type.Object({ devDependencies: Type.Record(Type.String(), Type.String()) });

/** Installs the tarballs into an empty project, and runs there what users of them write. */
export async function checkProject(
  tally: Tally,
  folder: string,
  tarballs: readonly Tarball[],
): Promise<void> {
  const project = new Project(folder);
  project.write('package.json', { name: 'consumer', private: true, type: 'module' });
  const paths = tarballs.map((tarball) => tarball.path);
  const isInstalled = await tally.check('all tarballs install together', () =>
    project.run('npm', 'install', '--no-audit', '--no-fund', ...paths, ...versionsHere(), vitest),
  );
  if (!isInstalled) return;
  for (const { name } of tarballs) {
    await tally.check(`${name}: require() works`, async () => {
      assert.match(await project.node('-p', `Object.keys(require('${name}')).join()`), /\w/);
    });
  }
  await compile(tally, project);
  await checkPrograms(tally, project);
  await checkConformanceKit(tally, project);
}

class Project {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  run(file: string, ...args: string[]): Promise<string> {
    // Nothing may leave the machine; and in CI, Vitest would colour its report.
    const env = { OPENAI_AGENTS_DISABLE_TRACING: '1', NO_COLOR: '1' };
    return runProgram(file, args, { cwd: this.folder, env });
  }

  bin(name: string, ...args: string[]): Promise<string> {
    return this.run(join(this.folder, 'node_modules/.bin', name), ...args);
  }

  node(...args: string[]): Promise<string> {
    return this.run(process.execPath, ...args);
  }

  write(path: string, content: unknown): void {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(join(this.folder, path), text);
  }
}

/** Compiles the programs of the folder `consumer`; each test of the author of a driver, too. */
async function compile(tally: Tally, project: Project): Promise<void> {
  cpSync(join(import.meta.dirname, 'consumer'), project.folder, { recursive: true });
  const test = readFileSync(join(project.folder, 'node.test.mts'), 'utf8');
  project.write('vitest.test.mts', test.replace("'node:test'", "'vitest'"));
  const compilerOptions = {
    ...{ strict: true, module: 'nodenext', target: 'es2023', types: ['node'] },
    // The SDK has types for browsers, which need those of the DOM.
    ...{ lib: ['es2023', 'dom'], skipLibCheck: false, rootDir: '.', outDir: 'out' },
  };
  project.write('tsconfig.json', { compilerOptions });
  await tally.check('programs compile, strict and with the types of all libraries', () =>
    project.bin('tsc'),
  );
}

/** What an application does. */
async function checkPrograms(tally: Tally, project: Project): Promise<void> {
  const driver = join(project.folder, 'node_modules/own-driver');
  mkdirSync(driver);
  cpSync(join(project.folder, 'out/own-driver.mjs'), join(driver, 'index.mjs'));
  project.write('node_modules/own-driver/package.json', { exports: './index.mjs' });
  await tally.check('a driver is found by the name of its module', () =>
    project.node('out/use-own-driver.mjs'),
  );

  const redis = await provideRedis();
  try {
    for (const url of ['memory:', redis.url]) {
      await tally.check(`AgentsSession works on ${new URL(url).protocol}`, () =>
        project.node('out/agents-session.mjs', url),
      );
    }
    await tally.check('JSONSession works', () => project.node('out/json-session.mjs', redis.url));
  } finally {
    await redis.stop();
  }
}

/** What the author of a driver does. */
async function checkConformanceKit(tally: Tally, project: Project): Promise<void> {
  const kit = "require('@agent-sessions/session-conformance')";
  const cases = (await project.node('-p', `${kit}.cases.length`)).trim();
  await tally.check(`the ${cases} cases of the conformance kit run under node:test`, async () => {
    const report = await project.node('--test', '--test-reporter=tap', 'out/node.test.mjs');
    assert.match(report, new RegExp(`^# tests ${cases}$`, 'm'));
  });
  await tally.check(`the ${cases} cases of the conformance kit run under Vitest`, async () => {
    const report = await project.bin('vitest', 'run', 'vitest.test.mts');
    assert.match(report, new RegExp(`Tests .*\\(${cases}\\)`));
  });
}

function versionsHere(): string[] {
  const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  const { devDependencies } = Value.Parse(Manifest, manifest);
  return besides.map((name) => `${name}@${devDependencies[name]}`);
}
