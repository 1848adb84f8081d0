import { availableParallelism } from 'node:os';

import { runCommand } from '../../tools/run-command.ts';
import { reasonOf } from '../../tools/reason.ts';

/** Where the server and its clients run, for people. */
export type Placement = string;

/**
 * Gives a server the first core, and its clients the others: as on machines of their own, no call is
 * quicker for being on the same core by chance.
 */
export async function separate(
  serverPid: number | undefined,
  clientPids: readonly number[],
): Promise<Placement> {
  const cores = availableParallelism();
  try {
    if (cores < 2) throw new Error('there is one core');
    if (serverPid === undefined) throw new Error('the server was not started here');
    const place = (pid: number, where: string) =>
      runCommand('taskset', ['-a', '-p', '-c', where, String(pid)]);
    await place(serverPid, '0');
    for (const pid of clientPids) await place(pid, `1-${cores - 1}`);
    return 'the server on a core of its own';
  } catch (error) {
    return `server and clients wherever the system puts them (${reasonOf(error)})`;
  }
}
