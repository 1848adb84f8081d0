import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { luaModule } from './lua.ts';
import { pageModule } from './page.ts';
import { validatorsModule } from './validators.ts';

/** The text of every module that is generated, by its path below the root. */
export async function generatedModules(root: string): Promise<ReadonlyMap<string, string>> {
  const modules = new Map<string, string>();
  for (const path of sourceFiles(root, '.lua')) modules.set(`${path}.ts`, luaModule(root, path));
  for (const path of sourceFiles(root, '.html')) modules.set(`${path}.ts`, pageModule(root, path));
  for (const path of sourceFiles(root, '.schema.ts')) {
    const module = path.replace(/\.schema\.ts$/, '.validators.ts');
    modules.set(module, await validatorsModule(root, path));
  }
  return modules;
}

/** The paths of those that are not as they would be generated now. */
export async function staleModules(root: string): Promise<string[]> {
  return [...(await generatedModules(root))]
    .filter(([path, text]) => textOf(join(root, path)) !== text)
    .map(([path]) => path);
}

/** What the packages are made of and whose name ends so: its paths below the root. */
export function sourceFiles(root: string, ending: string): string[] {
  return readdirSync(join(root, 'packages'), { withFileTypes: true })
    .map(({ name }) => `packages/${name}/src`)
    .filter((source) => existsSync(join(root, source)))
    .flatMap((source) =>
      readdirSync(join(root, source), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith(ending))
        .map((path) => `${source}/${path}`),
    )
    .toSorted();
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
