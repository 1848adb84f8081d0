import { join } from 'node:path';
import { installOnce } from './cache.ts';
import { reasonOf } from './reason.ts';
import { runCommand } from './run-command.ts';

const requirement = 'redis-openai-agents==0.1.0';
// What it needs to be imported. It also asks for sentence-transformers, for its semantic search:
// with that, 6 GB of machine learning would be installed instead of 200 MB.
const dependencies = [
  'openai-agents>=0.14.2',
  'pydantic>=2',
  'redis[hiredis]>=5.2',
  'redisvl>=0.17.1',
];

/** Where Python can be had, `path` is its interpreter; elsewhere `reason` says why not. */
export type ProvidedPython =
  | { readonly path: string; readonly reason?: undefined }
  | { readonly path: undefined; readonly reason: string };

/**
 * A Python in which `redis_openai_agents` can be imported, the class whose sessions ours must read
 * and whose reader must read ours. Made in the cache on first use, which takes half a minute.
 */
export async function providePython(
  log: (line: string) => void = console.error,
): Promise<ProvidedPython> {
  try {
    const folder = await installOnce('python-redis-openai-agents-0.1.0', 'bin/python', (target) =>
      install(target, log),
    );
    return { path: join(folder, 'bin/python') };
  } catch (error) {
    return { path: undefined, reason: reasonOf(error) };
  }
}

async function install(target: string, log: (line: string) => void): Promise<void> {
  await runCommand('python3', [
    '-c',
    'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed")',
  ]);
  log(`Installing ${requirement} from PyPI into the cache (half a minute)`);
  await runCommand('python3', ['-m', 'venv', target]);
  const python = join(target, 'bin/python');
  const pipInstall = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await runCommand(python, [...pipInstall, ...dependencies]);
  await runCommand(python, [...pipInstall, '--no-deps', requirement]);
  await runCommand(python, ['-c', 'from redis_openai_agents import JSONSession']);
}
