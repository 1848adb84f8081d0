import { outOfRange } from '@agent-sessions/session-core';

import type { RunCommand, Script } from './redis-client.ts';
import { runScript } from './redis-client.ts';
import { isConnectionFault, UnconfirmedError } from './redis-errors.ts';

/** What a commit waits for; see `WAIT` and `WAITAOF` in the manual of Redis. */
export interface Confirmation {
  /** Number of replicas that have the commit, in their memory. @defaultValue 0 */
  readonly replicas?: number | undefined;
  /** The server's append-only file has it on disk. Redis 7.2 or newer. @defaultValue false */
  readonly disk?: boolean | undefined;
  /** Milliseconds to wait. @defaultValue 1000 */
  readonly timeoutMs?: number | undefined;
}

/** @throws RangeError `invalid_argument` */
export function checkConfirmation(confirmation: Confirmation): Confirmation {
  const { replicas = 0, timeoutMs = 1000 } = confirmation;
  if (!Number.isSafeInteger(replicas) || replicas < 0) {
    throw outOfRange('confirm.replicas', 'must be a whole number from 0.');
  }
  // With 0 Redis would wait for ever, and with it all that shares the connection.
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    throw outOfRange('confirm.timeoutMs', 'must be a whole number from 1.');
  }
  return { ...confirmation, replicas, timeoutMs };
}

/** Answers of the commit script after which the session is as the commit wants it. */
const madeNow = 'committed';
const madeBefore = ['repeated', 'exists'];

/**
 * Runs the commit script, and then asks who has what it wrote. Not both at once: where the server
 * does not know the script yet, the question would arrive before the commit.
 *
 * @param run - sends commands, all on one connection: Redis answers for what that has written
 * @throws UnconfirmedError where not enough have it
 */
export async function runConfirmed(
  run: RunCommand,
  script: Script,
  key: string,
  args: string[],
  { replicas = 0, disk = false, timeoutMs = 1000 }: Confirmation,
): Promise<unknown> {
  const reply = await runScript(run, script, key, args);
  const status = Array.isArray(reply) ? String(reply[0]) : '';
  if (madeBefore.includes(status)) {
    // What was made before, by another perhaps, is only covered by a write that follows it: this
    // one changes nothing.
    await run(['JSON.NUMINCRBY', key, '$.metadata.message_count', '0']);
  } else if (status !== madeNow) return reply;
  const wait = disk
    ? ['WAITAOF', '1', String(replicas), String(timeoutMs)]
    : ['WAIT', String(replicas), String(timeoutMs)];
  const confirmed = await run(wait).catch((error: unknown) => {
    throw isConnectionFault(error) ? error : new UnconfirmedError(error);
  });
  const [onDisk, onReplicas] = Array.isArray(confirmed)
    ? confirmed.map(Number)
    : [0, Number(confirmed)];
  if ((onReplicas ?? 0) >= replicas && (!disk || onDisk === 1)) return reply;
  throw new UnconfirmedError();
}
