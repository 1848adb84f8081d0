import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { bundledProgram } from '../../../tools/bundled-program.ts';

/** A program of this folder that runs in a process of its own. */
export interface ChildProgram {
  /** The next line that it prints, as JSON. */
  next(): Promise<unknown>;
  /** Ends it where it is, without a chance to tidy up. */
  kill(): void;
  /** Resolves when it has ended: to its exit code, `null` after a signal. */
  readonly ended: Promise<number | null>;
}

/** Starts a program of this folder; it gets its input as JSON in the first argument. */
export function startChild(file: string, input: unknown): ChildProgram {
  const program = bundledProgram(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(input)], {
    env: { ...process.env, NODE_OPTIONS: '', OPENAI_AGENTS_DISABLE_TRACING: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async next() {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${file} has ended, saying: ${errors}`);
      const value: unknown = JSON.parse(line.value);
      return value;
    },
    kill() {
      child.kill('SIGKILL');
    },
    ended: new Promise((resolve) => child.on('close', resolve)),
  };
}

/** Runs a program of this folder to its end, and answers the one line that it prints. */
export async function runChild(file: string, input: unknown): Promise<unknown> {
  const child = startChild(file, input);
  const answer = await child.next();
  await child.ended;
  return answer;
}
