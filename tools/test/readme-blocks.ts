import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The paths of the READMEs of the repository, its packages and its examples. */
export function readmes(): string[] {
  const packages = readdirSync('packages').map((name) => `packages/${name}`);
  const folders = ['.', ...packages, 'examples'];
  return folders.map((folder) => join(folder, 'README.md')).filter((path) => existsSync(path));
}

export interface Block {
  readonly readme: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly code: string;
}

/** The blocks of a README that are TypeScript. */
export function blocksOf(readme: string): Block[] {
  const text = readFileSync(readme, 'utf8');
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ({ index, 1: code = '' }) => ({
    readme,
    line: text.slice(0, index).split('\n').length + 1,
    code,
  }));
}

/**
 * Type-checks blocks, each as a module of its own, against the packages as source. Answers what is
 * wrong, one `README.md(line,column): error …` a line.
 */
export function typeProblems(blocks: readonly Block[]): string[] {
  // Inside the repository, where the packages are found.
  mkdirSync('.cache', { recursive: true });
  const folder = mkdtempSync('.cache/readme-');
  try {
    for (const { readme, line, code } of blocks) {
      const file = join(folder, readme.replace(/md$/, `${line}.ts`));
      mkdirSync(dirname(file), { recursive: true });
      // Empty lines before it, so that the line of an error is the line in the README.
      writeFileSync(file, '\n'.repeat(line - 1) + code);
    }
    const compilerOptions = {
      ...{ noEmit: true, composite: false },
      ...{ rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true },
      // A block without imports is a module, too; and what an example makes it need not use.
      ...{ moduleDetection: 'force', noUnusedLocals: false },
    };
    const config = { extends: '../../tsconfig.base.json', compilerOptions };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const args = [tsc, '--pretty', 'false', '-p', '.'];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    if (status === 0) return [];
    return stdout
      .trimEnd()
      .replaceAll(/^(.*README)\.\d+\.ts(?=\()/gm, '$1.md')
      .split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
