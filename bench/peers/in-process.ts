import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import Type from 'typebox';
import { Compile } from 'typebox/schema';

import { type LineProcess, startLineProcess } from '../../tools/line-process.ts';
import { messagesOf, ttlSeconds } from './messages.ts';
import type { Peer, Work } from './peer.ts';

const source = fileURLToPath(new URL('program.ts', import.meta.url));
const compiledFolder = '.cache/bench';
const program = `${compiledFolder}/program.js`;
const script = fileURLToPath(new URL('python_peers.py', import.meta.url));

const Timed = Compile(
  Type.Object({ latenciesMs: Type.Array(Type.Number()), totalMs: Type.Number() }),
);
const Contents = Compile(Type.Array(Type.String()));

/** Compiles the program of the peers, which would take each of them longer than its work. */
export async function compileProgram(): Promise<void> {
  await build({
    entryPoints: [source],
    outdir: compiledFolder,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
  });
}

/**
 * A peer of the catalogue, in a process of its own, which times itself: no peer runs on code that
 * others have made slow, or waits for what others have left to be collected.
 */
export function nodePeerInProcess(name: string, place: string): Peer {
  const args = ['--max-old-space-size=4096', program, name, place];
  const child = startLineProcess(name, process.execPath, args);
  return {
    pid: child.pid,
    async fill(session, talk) {
      await child.ask({ call: 'fill', session, talk });
    },
    run: async (work) => timingOf(await child.ask({ call: 'run', work })),
    contents: async (session) => contentsOf(await child.ask({ call: 'contents', session })),
    close: () => child.close(),
  };
}

/**
 * The real packages of Python, timed there by its own clock: what is measured is Python and Redis, and
 * not the way here.
 *
 * @param twins - write and read the same stored form from Node: they make the conversations
 */
export function pythonPeers(
  python: string,
  url: string,
  twins: Readonly<Record<'JSONSession' | 'RedisSession', Peer>>,
): Record<keyof typeof twins, Peer> {
  const args = [script, url, String(ttlSeconds)];
  const child = startLineProcess('Python', python, args, { PYTHONUTF8: '1' });
  let open = 2;
  const close = async () => {
    open -= 1;
    if (open === 0) await child.close();
  };
  const peer = (name: keyof typeof twins): Peer => ({
    pid: child.pid,
    fill: (session, talk) => twins[name].fill(session, talk),
    run: async (work) => timingOf(await runInPython(child, name, work)),
    contents: async (session) =>
      contentsOf(await child.ask({ call: 'contents', peer: name, session })),
    close,
  });
  return { JSONSession: peer('JSONSession'), RedisSession: peer('RedisSession') };
}

function runInPython(child: LineProcess, peer: string, work: Work): Promise<unknown> {
  const { operation, sessions, times } = work;
  return child.ask({
    call: 'run',
    peer,
    operation,
    times,
    sessions: sessions.map(({ id, length }) => ({
      id,
      length,
      messages: Array.from({ length: operation.kind === 'append' ? times : 0 }, (_, index) => {
        const from = length + index * operation.messages;
        return messagesOf(from, from + operation.messages);
      }),
    })),
  });
}

function timingOf(answer: unknown) {
  if (Timed.Check(answer)) return answer;
  throw new TypeError('The peer answered no timing.');
}

function contentsOf(answer: unknown) {
  if (Contents.Check(answer)) return answer;
  throw new TypeError('The peer answered no contents.');
}
