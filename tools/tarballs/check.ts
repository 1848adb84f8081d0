// `npx tsx tools/tarballs/check.ts`: builds and packs the packages, and uses them as they would be
// published: in an empty project, outside the repository.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import Type from 'typebox';
import { Value } from 'typebox/value';

import { inTemporaryFolder } from '../ci/in-temporary-folder.ts';
import { runProgram } from '../ci/run-program.ts';
import { Tally } from '../ci/tally.ts';
import type { Tarball } from './check-project.ts';
import { checkProject } from './check-project.ts';

/** What we need of `npm pack --json`. */
const Packed = Type.Array(
  Type.Object({
    name: Type.String(),
    filename: Type.String(),
    files: Type.Array(Type.Object({ path: Type.String() })),
  }),
);

export async function checkTarballs(tally: Tally): Promise<void> {
  const isBuilt = await tally.check('npm run build', () => runProgram('npm', ['run', 'build']));
  if (!isBuilt) return;
  await inTemporaryFolder(async (folder) => {
    const tarballs: Tarball[] = [];
    for (const source of readdirSync('packages', { withFileTypes: true })) {
      if (source.isDirectory()) tarballs.push(await pack(tally, `packages/${source.name}`, folder));
    }
    for (const { name, path } of tarballs) {
      await tally.check(`${name}: publint --strict`, () => bin('publint', '--strict', path));
      await tally.check(`${name}: attw --profile esm-only`, () =>
        bin('attw', '--profile', 'esm-only', path),
      );
    }
    const project = join(folder, 'project');
    mkdirSync(project);
    await checkProject(tally, project, tarballs);
  });
}

async function pack(tally: Tally, source: string, folder: string): Promise<Tarball> {
  const options = ['--json', '--pack-destination', folder, '--workspace', source];
  const [packed] = Value.Parse(Packed, JSON.parse(await runProgram('npm', ['pack', ...options])));
  if (packed === undefined) throw new Error(`npm packed nothing of ${source}`);
  await tally.check(`${packed.name}: the tarball holds what it must and nothing else`, () => {
    assert.deepEqual(packed.files.map((file) => file.path).toSorted(), filesToPublish(source));
  });
  return { name: packed.name, path: join(folder, packed.filename) };
}

function filesToPublish(source: string): string[] {
  const sources = readdirSync(join(source, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(source, join(parentPath, name)));
  const modules = sources
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.slice('src/'.length, -'.ts'.length));
  const entries = ['index', 'schemas'].filter((name) => modules.includes(name));
  return [
    ...['LICENSE', 'README.md', 'package.json'],
    ...sources,
    ...modules.flatMap((module) => [`dist/${module}.d.ts`, `dist/${module}.d.ts.map`]),
    ...entries.flatMap((entry) => [`dist/${entry}.js`, `dist/${entry}.js.map`]),
  ].toSorted();
}

function bin(name: string, ...args: string[]): Promise<string> {
  return runProgram(resolve('node_modules/.bin', name), args);
}

if (process.argv[1] === import.meta.filename) {
  const tally = new Tally();
  await checkTarballs(tally);
  console.log(tally.summary);
  process.exitCode = tally.failed.length === 0 ? 0 : 1;
}
