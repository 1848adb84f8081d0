import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { inTemporaryFolder } from './in-temporary-folder.ts';
import { runProgram } from './run-program.ts';
import type { Tally } from './tally.ts';

/** `npm run demo`, on a machine that can have a Redis and on one that cannot. */
export async function checkDemo(tally: Tally): Promise<void> {
  await tally.check('two processes hold one conversation, and no server is left running', () =>
    inTemporaryFolder(async (folder) => {
      // Servers of ours have their data under the temporary folder: so we know them by it.
      const env = { TMPDIR: folder };
      remembers(await runProgram('npm', ['run', 'demo'], { env, shown: true }));
      const data = readdirSync(folder).filter((name) => name.startsWith('agent-sessions-redis-'));
      assert.deepEqual(data, [], 'data folders are left');
      assert.deepEqual(processesNaming(folder), [], 'processes are left');
    }),
  );
  await tally.check('where no Redis can be had, it says so and runs in memory', () =>
    inTemporaryFolder(async (folder) => {
      const env = { PATH: folder, AGENT_SESSIONS_REDIS: 'path' };
      const args = ['tools/run.mjs', 'demo'];
      const output = await runProgram(process.execPath, args, { env, shown: true });
      assert.match(output, /^No Redis with JSON can be had here\. [^]* in memory/m);
      remembers(output);
    }),
  );
}

function remembers(output: string): void {
  assert.match(output, /You are Ada, and you asked about order A-17\./);
}

/** The command lines with a text in them, where the system has them as files. */
function processesNaming(text: string): string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandLine)
    .filter((line) => line.includes(text));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(join('/proc', pid, 'cmdline'), 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // It has just ended.
  }
}
