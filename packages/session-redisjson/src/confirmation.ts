import { outOfRange, SessionError } from '@agent-sessions/session-core';

import {
  isOnOneConnection,
  type RedisJsonClient,
  runScript,
  type Script,
  send,
} from './redis-client.ts';

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
  for (const [field, value] of Object.entries({ replicas, timeoutMs })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw outOfRange(`confirm.${field}`, 'must be a whole number from 0.');
    }
  }
  return { ...confirmation, replicas, timeoutMs };
}

/**
 * Runs a script, and asks on the same connection, in the same round trip, who has what it wrote.
 *
 * @throws SessionError `unconfirmed`, with an unknown outcome, where not enough have it
 */
export async function runConfirmed(
  client: RedisJsonClient,
  script: Script,
  key: string,
  args: string[],
  { replicas = 0, disk = false, timeoutMs = 1000 }: Confirmation,
): Promise<unknown> {
  const wait = disk
    ? ['WAITAOF', '1', String(replicas), String(timeoutMs)]
    : ['WAIT', String(replicas), String(timeoutMs)];
  const [reply, confirmed] = await Promise.all([
    runScript(client, script, key, args),
    send(client, key, wait),
  ]);
  const [onDisk, onReplicas] = Array.isArray(confirmed)
    ? confirmed.map(Number)
    : [0, Number(confirmed)];
  if ((onReplicas ?? 0) >= replicas && (!disk || onDisk === 1)) return reply;
  throw new SessionError(
    'unconfirmed',
    'The commit was made, and is not confirmed as wanted: it may be lost in a failover. Repeat it with the same operation id.',
    { outcome: 'unknown', retryable: true },
  );
}
