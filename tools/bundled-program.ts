import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Under `node_modules`, so that the program finds what it imports. */
const folder = join(root, 'node_modules/.cache/agent-sessions');
const bundled = new Map<string, string>();

/**
 * A program in TypeScript as a file that plain Node runs, the packages of this repository in it.
 * To start one with tsx takes a second of CPU, to start this a tenth; tests start dozens.
 *
 * @param program - the URL of its source
 */
export function bundledProgram(program: URL): string {
  const source = fileURLToPath(program);
  const target = join(folder, `${relative(root, source).replaceAll(/[\\/]/g, '-')}.mjs`);
  if (!bundled.has(source)) {
    // Other processes may just be starting it.
    const own = `${target}.${process.pid}`;
    const options = ['--bundle', '--platform=node', '--format=esm', '--log-level=warning'];
    execFileSync(join(root, 'node_modules/.bin/esbuild'), [
      ...[source, ...options, '--conditions=@agent-sessions/source', `--outfile=${own}`],
      ...installedPackages().map((name) => `--external:${name}`),
    ]);
    renameSync(own, target);
    bundled.set(source, target);
  }
  return target;
}

function installedPackages(): string[] {
  return readdirSync(join(root, 'node_modules'))
    .filter((name) => !name.startsWith('.') && name !== '@agent-sessions')
    .map((name) => (name.startsWith('@') ? `${name}/*` : name));
}
