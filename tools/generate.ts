// `npm run generate`: writes the modules that are made of other files. With `--check` it says
// instead which of them are not what their sources make, and what is wrong with the Lua.
import { writeFileSync } from 'node:fs';

import { generatedModules, sourceFiles, staleModules } from './generate/generated-modules.ts';
import { luaFaults } from './generate/lua.ts';

const root = process.cwd();

if (process.argv.includes('--check')) {
  const stale = (await staleModules(root)).map((path) => `${path} is stale: npm run generate`);
  const faults = [...stale, ...sourceFiles(root, '.lua').flatMap((path) => luaFaults(root, path))];
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of await generatedModules(root)) writeFileSync(path, text);
}
