import { readFileSync } from 'node:fs';

import { luaFiles, luaModule } from './lua.ts';

/** The text of every module that is generated, by its path below the root. */
export function generatedModules(root: string): ReadonlyMap<string, string> {
  return new Map(luaFiles(root).map((path) => [`${path}.ts`, luaModule(root, path)]));
}

/** The paths of those that are not as they would be generated now. */
export function staleModules(root: string): string[] {
  return [...generatedModules(root)]
    .filter(([path, text]) => textOf(`${root}/${path}`) !== text)
    .map(([path]) => path);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
