import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('python-session.py', import.meta.url));

/** A method of the Python class and its arguments, by the names they have there. */
type Call = (method: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** One Python process, in which sessions of the real Python class live. */
export interface PythonSessions {
  /** `JSONSession(session_id=…, user_id=…, redis_url=…, ttl=…)` */
  open(args: {
    readonly session_id: string;
    readonly user_id: string;
    readonly redis_url: string;
    readonly ttl?: number;
  }): Promise<Call>;
  /** `JSONSession.load(session_id, redis_url)`; the user is what it found. */
  load(args: {
    readonly session_id: string;
    readonly redis_url: string;
  }): Promise<{ readonly user: unknown; readonly call: Call }>;
  close(): Promise<void>;
}

export function startPythonSessions(python: string): PythonSessions {
  // Strings of Redis are UTF-8 there, whatever the locale of this machine is.
  const env = { ...process.env, PYTHONUTF8: '1' };
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'pipe'], env });
  const exit = once(child, 'exit');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let names = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** Answers come in the order of the commands, so each waits for the one before. */
  function command(session: string, call: string, args: object): Promise<unknown> {
    const answer = last.then(async () => {
      child.stdin.write(`${JSON.stringify({ session, call, args })}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(`Python has ended: ${errors}`);
      return resultOf(JSON.parse(line.value));
    });
    last = answer.catch(() => {});
    return answer;
  }

  const calls =
    (session: string): Call =>
    (method, args = {}) =>
      command(session, method, args);

  return {
    async open(args) {
      const session = `session ${(names += 1)}`;
      await command(session, 'open', args);
      return calls(session);
    },
    async load(args) {
      const session = `session ${(names += 1)}`;
      return { user: await command(session, 'load', args), call: calls(session) };
    },
    async close() {
      child.stdin.end();
      await exit;
    },
  };
}

function resultOf(reply: unknown): unknown {
  if (typeof reply === 'object' && reply !== null) {
    if ('result' in reply) return reply.result;
    if ('error' in reply) throw new Error(`Python: ${String(reply.error)}`);
  }
  throw new TypeError('Python answered something unexpected.');
}
