import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface GuardedProcess {
  /** Of the program itself, not of the shell that watches it. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** Sends a signal; resolves when the program has ended. Its folder stays. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends the program and removes its folder, which is also done if this process dies meanwhile. */
  remove(): Promise<void>;
}

// $1 is the data folder, the rest the command. Standard input is a pipe that only our process
// holds open: when it ends, however it ends, `read` sees the end of the file. SIGKILL because it
// also ends a stopped server, and because nobody wants the data any more. Trapping TERM lets the
// guard finish when the main shell, which sees the server die, tries to end it.
const watchdog = `
  folder=$1; shift
  exec 3<&0
  "$@" </dev/null >>"$folder/redis.log" 2>&1 3<&- &
  server=$!
  { read -r _ <&3; trap '' TERM; kill -KILL $server; rm -rf "$folder"; } >/dev/null 2>&1 &
  guard=$!
  echo $server
  wait $server
  kill $guard 2>/dev/null
  wait $guard
`;

/**
 * Starts a program that ends when this process ends, even by SIGKILL; its data folder goes with
 * it. The program does not keep this process running.
 */
export async function spawnGuarded(
  command: readonly string[],
  folder: string,
): Promise<GuardedProcess> {
  // Detached: Ctrl-C in a terminal is for this process, which then stops its servers in order.
  const shell = spawn('/bin/sh', ['-c', watchdog, 'redis-watchdog', folder, ...command], {
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let isRunning = true;
  const exited = new Promise<void>((resolve) => {
    shell.once('exit', () => {
      isRunning = false;
      resolve();
    });
  });
  await once(shell, 'spawn');
  const pid = Number(await firstLine(shell.stdout));
  shell.stdout.destroy();
  shell.unref();
  return {
    pid,
    get isRunning() {
      return isRunning;
    },
    end(signal) {
      if (isRunning) sendSignal(pid, signal);
      shell.ref();
      return exited;
    },
    async remove() {
      shell.stdin.end();
      shell.ref();
      await exited;
      // Where the program had ended before, there was no guard any more to remove it.
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface(stream)) return line;
  throw new Error('/bin/sh ended before it started the program');
}

function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
    // A program that a test has stopped gets the signal when it goes on.
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has just ended by itself.
  }
}
