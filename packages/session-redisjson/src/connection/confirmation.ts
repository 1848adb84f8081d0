import { outOfRange } from '@agent-sessions/session-core';

import {
  isOnOneConnection,
  type RedisJsonClient,
  runScript,
  type Script,
  send,
} from './redis-client.ts';
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

/** @throws RangeError `invalid_argument` where the client cannot confirm */
export function checkConfirmation(
  client: RedisJsonClient,
  confirmation: Confirmation,
): Confirmation {
  if (!isOnOneConnection(client)) {
    throw outOfRange(
      'confirm',
      'needs a single client or a cluster: a pool may ask another connection.',
    );
  }
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
 * does not know the script yet, or the slot has moved, the question would arrive before the commit.
 *
 * @throws UnconfirmedError where not enough have it
 */
export async function runConfirmed(
  client: RedisJsonClient,
  script: Script,
  key: string,
  args: string[],
  { replicas = 0, disk = false, timeoutMs = 1000 }: Confirmation,
): Promise<unknown> {
  const reply = await runScript(client, script, key, args);
  const status = Array.isArray(reply) ? String(reply[0]) : '';
  if (madeBefore.includes(status)) {
    // Redis answers for the last write of the connection that asks. What was made before, by
    // another perhaps, is only covered by a write that follows it: this one changes nothing.
    await send(client, key, ['JSON.NUMINCRBY', key, '$.metadata.message_count', '0']);
  } else if (status !== madeNow) return reply;
  const wait = disk
    ? ['WAITAOF', '1', String(replicas), String(timeoutMs)]
    : ['WAIT', String(replicas), String(timeoutMs)];
  const confirmed = await send(client, key, wait).catch((error: unknown) => {
    throw isConnectionFault(error) ? error : new UnconfirmedError(error);
  });
  const [onDisk, onReplicas] = Array.isArray(confirmed)
    ? confirmed.map(Number)
    : [0, Number(confirmed)];
  if ((onReplicas ?? 0) >= replicas && (!disk || onDisk === 1)) return reply;
  throw new UnconfirmedError();
}
