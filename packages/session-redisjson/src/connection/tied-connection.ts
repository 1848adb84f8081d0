import { outOfRange } from '@agent-sessions/session-core';

import { ClusterConnections } from './cluster-connections.ts';
import { quietDuplicate, selectSameDatabase } from './duplicate.ts';
import type { OwnClient } from './one-connection.ts';
import { isOwn, OwnConnection } from './own-connection.ts';
import {
  type Duplicable,
  isCluster,
  isSentinel,
  type RedisJsonClient,
  runOn,
  type Sender,
  type TiedConnection,
} from './redis-client.ts';

/** @throws RangeError `invalid_argument` where the client cannot have one */
export function tiedConnection(client: RedisJsonClient, connectTimeoutMs: number): TiedConnection {
  if (isOwn(client)) return overOne(client.another());
  if (isCluster(client)) return new ClusterConnections(client, connectTimeoutMs);
  if (canDuplicate(client)) {
    const createClient = () => quietDuplicate(client);
    const prepare = (duplicate: OwnClient) => selectSameDatabase(client, duplicate);
    return overOne(new OwnConnection({ createClient, prepare, connectTimeoutMs }));
  }
  throw outOfRange(
    'confirm',
    'needs a single client or a cluster: a pool or a sentinel client may ask another connection than that which wrote.',
  );
}

function overOne(connection: OwnConnection): TiedConnection {
  return {
    use: (_key, work, sending) => connection.use((client) => work(runOn(client, sending)), sending),
    close: (deadlineMs) => connection.close(deadlineMs),
  };
}

function canDuplicate(client: RedisJsonClient): client is RedisJsonClient & Sender & Duplicable {
  return !isSentinel(client) && 'duplicate' in client && typeof client.duplicate === 'function';
}
