import { until } from '../until.ts';
import { withConnection } from './connection.ts';
import { unusedPort } from '../port-of.ts';
import type { RedisServer } from './launch-server.ts';
import { runRedis } from './local-redis.ts';
import { redisBinaries } from './redis-binaries.ts';
import { infoField } from './server-facts.ts';
import type { StackOptions } from './stack-wheel.ts';
import { startTogether, stopTogether } from './start-together.ts';

const masterCount = 3;
const slotCount = 16_384;

export interface RedisClusterOptions extends StackOptions {
  /** @defaultValue 0 */
  readonly replicasPerMaster?: number | undefined;
}

export interface RedisCluster {
  readonly masters: readonly RedisServer[];
  /** The replicas of the first master, then those of the second, and so on. */
  readonly replicas: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Starts a cluster of three masters and waits until every node serves all slots. */
export async function startCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { replicasPerMaster = 0 } = options;
  const binaries = await redisBinaries(options);
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const nodeCount = masterCount * (1 + replicasPerMaster);
  const nodes = await startTogether(
    Array.from({ length: nodeCount }, () => runRedis(binaries, { args, findPort: portBelowBus })),
  );
  const masters = nodes.slice(0, masterCount);
  const replicas = nodes.slice(masterCount);
  try {
    await join(masters, nodes);
    await until('every node knows the others', () => everyNode(nodes, knowsAll(nodes.length)));
    await replicate(masters, replicas);
    await until('every node serves the cluster', () => everyNode(nodes, isServing));
  } catch (error) {
    await stopTogether(nodes);
    throw error;
  }
  return { masters, replicas, stop: () => stopTogether(nodes) };
}

/** A node also listens on its port plus 10,000, which must be a port too. */
async function portBelowBus(): Promise<number> {
  for (;;) {
    const port = await unusedPort();
    if (port + 10_000 < 65_536) return port;
  }
}

async function join(masters: readonly RedisServer[], nodes: readonly RedisServer[]): Promise<void> {
  const slots = Math.ceil(slotCount / masters.length);
  for (const [index, master] of masters.entries()) {
    const last = Math.min((index + 1) * slots, slotCount) - 1;
    await command(master, 'ADDSLOTSRANGE', String(index * slots), String(last));
    // Distinct from the start: nodes which both begin at 0 must first settle who keeps it.
    await command(master, 'SET-CONFIG-EPOCH', String(index + 1));
  }
  const [first, ...others] = nodes;
  for (const other of others) {
    if (first) await command(first, 'MEET', '127.0.0.1', String(other.port));
  }
}

async function replicate(
  masters: readonly RedisServer[],
  replicas: readonly RedisServer[],
): Promise<void> {
  for (const [index, replica] of replicas.entries()) {
    const master = masters[Math.floor(index / (replicas.length / masters.length))];
    if (master) await command(replica, 'REPLICATE', String(await command(master, 'MYID')));
  }
}

function command(node: RedisServer, ...args: readonly string[]): Promise<unknown> {
  return withConnection(node.url, (connection) => connection.sendCommand(['CLUSTER', ...args]));
}

type NodeTest = (clusterInfo: string, replicationInfo: string) => boolean;

const knowsAll =
  (count: number): NodeTest =>
  (cluster) =>
    infoField(cluster, 'cluster_known_nodes') === String(count);

const isServing: NodeTest = (cluster, replication) =>
  infoField(cluster, 'cluster_state') === 'ok' &&
  infoField(cluster, 'cluster_slots_ok') === String(slotCount) &&
  (infoField(replication, 'master_link_status') ?? 'up') === 'up';

async function everyNode(nodes: readonly RedisServer[], test: NodeTest): Promise<boolean> {
  const answers = nodes.map((node) =>
    withConnection(node.url, async (connection) => {
      const cluster = String(await connection.sendCommand(['CLUSTER', 'INFO']));
      return test(cluster, await connection.info('replication'));
    }),
  );
  return (await Promise.all(answers)).every(Boolean);
}
