import { fileURLToPath } from 'node:url';

import { runCommand } from '../run-command.ts';

const hooks = fileURLToPath(new URL('report-loads.mjs', import.meta.url));
const packageName = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/;

/**
 * The packages of which Node loads something when a module is imported, in the order of the alphabet;
 * those of this repository, which are used as source, by their folder.
 */
export async function importedPackages(module: string): Promise<string[]> {
  const flags = ['--conditions=@agent-sessions/source', '--import', 'tsx', '--import', hooks];
  const code = `await import(${JSON.stringify(module)});`;
  const output = await runCommand(process.execPath, [
    ...flags,
    '--input-type=module',
    '--eval',
    code,
  ]);
  const urls = output.split('\n').filter((line) => line.startsWith('file:'));
  const names = urls.flatMap((url) => packageName.exec(url)?.[1] ?? ownFolder(url) ?? []);
  return [...new Set(names)].filter((name) => name !== 'tsx').toSorted();
}

function ownFolder(url: string): string | undefined {
  return /\/(packages\/[^/]+)\//.exec(url)?.[1];
}
