import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that answers each line of JSON with one, `{"result": …}` or `{"error": "…"}`. */
export interface LineProcess {
  /** `undefined` where it could not be started. */
  readonly pid: number | undefined;
  /** @throws Error with what the program says went wrong */
  ask(command: object): Promise<unknown>;
  /** Ends its input, and waits for it to end. */
  close(): Promise<void>;
}

/** @param name - names the program in errors */
export function startLineProcess(
  name: string,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): LineProcess {
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const exit = once(child, 'exit');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  return {
    pid: child.pid,
    /** Answers come in the order of the commands, so each waits for the one before. */
    ask(command) {
      const answer = last.then(async () => {
        child.stdin.write(`${JSON.stringify(command)}\n`);
        const line = await lines.next();
        if (line.done === true) throw new Error(`${name} has ended: ${errors}`);
        return resultOf(name, JSON.parse(line.value));
      });
      last = answer.catch(() => {});
      return answer;
    },
    async close() {
      child.stdin.end();
      await exit;
    },
  };
}

function resultOf(name: string, reply: unknown): unknown {
  if (typeof reply === 'object' && reply !== null) {
    if ('result' in reply) return reply.result;
    if ('error' in reply) throw new Error(`${name}: ${String(reply.error)}`);
  }
  throw new TypeError(`${name} answered something unexpected.`);
}
