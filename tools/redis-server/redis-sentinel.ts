import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../until.ts';
import { withConnection } from './connection.ts';
import type { RedisServer } from './launch-server.ts';
import { launchServer } from './launch-server.ts';
import { runRedis } from './local-redis.ts';
import type { RedisBinaries } from './redis-binaries.ts';
import { redisBinaries } from './redis-binaries.ts';
import { infoField } from './server-facts.ts';
import type { StackOptions } from './stack-wheel.ts';
import { startTogether, stopTogether } from './start-together.ts';

const masterName = 'mymaster';

export interface RedisSentinelOptions extends StackOptions {
  /** How many sentinels; a majority of them must agree that the master is down. @defaultValue 1 */
  readonly sentinels?: number | undefined;
}

export interface RedisSentinel {
  /** What a client asks the sentinels for. */
  readonly masterName: string;
  readonly sentinels: readonly RedisServer[];
  /** The two data servers in the roles they started with; a failover swaps them. */
  readonly master: RedisServer;
  readonly replica: RedisServer;
  stop(): Promise<void>;
}

/** Starts a master, its replica and sentinels, and waits until a failover would succeed. */
export async function startSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const { sentinels: count = 1 } = options;
  const binaries = await redisBinaries(options);
  const started: RedisServer[] = [];
  try {
    const master = await runRedis(binaries);
    started.push(master);
    const replicaOf = ['--replicaof', '127.0.0.1', String(master.port)];
    const replica = await runRedis(binaries, { args: replicaOf });
    started.push(replica);
    // A sentinel that starts later finds it at its first look, else at the next, ten seconds on.
    await until('the replica has synchronised', () => isSynchronised(replica));
    const sentinels = await startTogether(
      Array.from({ length: count }, () => runSentinel(binaries, master.port, count)),
    );
    started.push(...sentinels);
    await until('the sentinels know one another and the replica', async () => {
      const ready = sentinels.map((sentinel) => isReady(sentinel, count));
      return (await Promise.all(ready)).every(Boolean);
    });
    return { masterName, sentinels, master, replica, stop: () => stopTogether(started) };
  } catch (error) {
    await stopTogether(started);
    throw error;
  }
}

function runSentinel(
  binaries: RedisBinaries,
  masterPort: number,
  count: number,
): Promise<RedisServer> {
  const quorum = Math.floor(count / 2) + 1;
  return launchServer({
    command: async (port, folder) => {
      // A sentinel keeps its state in its configuration, so it takes none from the command line.
      const file = join(folder, 'sentinel.conf');
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `sentinel monitor ${masterName} 127.0.0.1 ${masterPort} ${quorum}`,
        `sentinel down-after-milliseconds ${masterName} 1000`,
        `sentinel failover-timeout ${masterName} 5000`,
      ];
      await writeFile(file, `${lines.join('\n')}\n`);
      return [binaries.server, file, '--sentinel'];
    },
  });
}

function isSynchronised(replica: RedisServer): Promise<boolean> {
  return withConnection(replica.url, async (connection) => {
    return infoField(await connection.info('replication'), 'master_link_status') === 'up';
  });
}

function isReady(sentinel: RedisServer, count: number): Promise<boolean> {
  return withConnection(sentinel.url, async (connection) => {
    const ask = (what: string) => connection.sendCommand(['SENTINEL', what, masterName]);
    const master = fieldsOf(await ask('MASTER'));
    const replicas = await ask('REPLICAS');
    const replica = fieldsOf(Array.isArray(replicas) ? replicas[0] : undefined);
    return (
      master.get('flags') === 'master' &&
      master.get('num-other-sentinels') === String(count - 1) &&
      replica.get('flags') === 'slave' &&
      replica.get('master-link-status') === 'ok'
    );
  });
}

/** A reply of names and values in turn. */
function fieldsOf(reply: unknown): Map<unknown, unknown> {
  const list: unknown[] = Array.isArray(reply) ? reply : [];
  return new Map(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : [])));
}
