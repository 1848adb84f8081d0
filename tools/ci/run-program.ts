import { spawn } from 'node:child_process';

export interface ProgramOptions {
  /** @defaultValue the root of the repository, where every command starts */
  readonly cwd?: string | undefined;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Shows what it prints while it runs. @defaultValue false: it is shown if it fails */
  readonly shown?: boolean | undefined;
  /** A program that has printed this is done, and is ended where it does not end by itself. */
  readonly lastWords?: string | undefined;
}

// A program that hangs costs one failure, and not the whole run.
const limitMs = 15 * 60_000;
const afterLastWordsMs = 20_000;
const afterExitMs = 10_000;

/**
 * Runs a program to its end and returns what it printed to standard output.
 *
 * @throws Error when it cannot be started, fails or does not end
 */
export function runProgram(
  file: string,
  args: readonly string[],
  { cwd, env, shown = false, lastWords }: ProgramOptions = {},
): Promise<string> {
  const command = [file, ...args].join(' ');
  if (shown) console.log(`$ ${command}`);
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
  });
  const end = () => child.kill();
  process.on('exit', end);
  const streams = [child.stdout, child.stderr];
  let timer: NodeJS.Timeout | undefined;
  let output = '';
  let everything = '';
  for (const stream of streams) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (stream === child.stdout) output += text;
      everything += text;
      if (shown) process.stdout.write(text);
      if (lastWords !== undefined && everything.includes(lastWords)) {
        timer ??= setTimeout(end, afterLastWordsMs);
      }
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(new Error(`cannot run ${file}`, { cause })));
    child.on('exit', () => {
      process.off('exit', end);
      clearTimeout(timer);
      // A process that it left behind may hold them open.
      timer = setTimeout(() => streams.forEach((stream) => stream.destroy()), afterExitMs);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output);
      else {
        const printed = shown ? '' : `\n${everything.trimEnd()}`;
        reject(new Error(`${command} ended with ${signal ?? code}${printed}`));
      }
    });
  });
}
