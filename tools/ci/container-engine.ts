import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { dockerProblem } from '../redis-server/index.ts';
import { inTemporaryFolder } from './in-temporary-folder.ts';
import { runProgram } from './run-program.ts';

/** Starts a Docker-compatible engine and prints `export NAME=value …`; with `stop` it ends it. */
const script = resolve('../shared/container-engine');

/** Why there are no containers here; undefined where there can be. */
export async function containerProblem(): Promise<string | undefined> {
  const problem = await dockerProblem();
  return problem === undefined || existsSync(script) ? undefined : `${problem}, and no ${script}`;
}

/** Runs a task while a container engine answers; one that was started for it ends with it. */
export async function withContainerEngine(
  task: (env: Record<string, string>) => Promise<void>,
): Promise<void> {
  if ((await dockerProblem()) === undefined) {
    await task({});
    return;
  }
  // A home of its own: an engine that somebody else has started there is not ours to stop.
  await inTemporaryFolder(async (home) => {
    const env = { CONTAINER_ENGINE_HOME: home };
    const stop = () => spawnSync(script, ['stop'], { env: { ...process.env, ...env } });
    process.on('exit', stop);
    try {
      const printed = await runProgram(script, [], { env, shown: true });
      await task(Object.fromEntries(Array.from(printed.matchAll(/(\w+)=(\S+)/g), variable)));
    } finally {
      process.off('exit', stop);
      stop();
    }
  });
}

function variable([, name = '', value = '']: RegExpExecArray): [string, string] {
  return [name, value];
}
