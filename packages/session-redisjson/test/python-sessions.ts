import { fileURLToPath } from 'node:url';

import { startLineProcess } from '../../../tools/line-process.ts';

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
  const process = startLineProcess('Python', python, [script], { PYTHONUTF8: '1' });
  let names = 0;
  const command = (session: string, call: string, args: object) =>
    process.ask({ session, call, args });

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
    close: () => process.close(),
  };
}
