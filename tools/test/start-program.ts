import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface RunningProgram {
  readonly child: ChildProcess;
  /** The next line of standard output. */
  nextLine(): Promise<string>;
  /** All that it wrote to standard error so far. */
  readonly errors: string;
  /** Resolves to the exit code, which is null after a signal. */
  readonly exited: Promise<number | null>;
}

/** Starts a file of this repository in a Node of its own. */
export function startProgram(
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): RunningProgram {
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    exited: once(child, 'close').then(() => child.exitCode),
    async nextLine() {
      const line = await lines.next();
      if (line.done === true) throw new Error(`it ended, saying: ${errors}`);
      return line.value;
    },
    get errors() {
      return errors;
    },
  };
}
