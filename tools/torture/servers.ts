import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { withConnection } from '../redis-server/connection.ts';
import { type RedisServer, startRedisServer, startSentinel } from '../redis-server/index.ts';
import { infoField } from '../redis-server/server-facts.ts';
import { until } from '../until.ts';
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';
import { masterUrl } from './follow-master.ts';
import type { Random } from './random.ts';

/** What keeps the sessions: killed and brought back, and with networks of doubtful quality. */
export interface Servers {
  /** What they are, for people. */
  readonly name: string;
  /** How a client finds them: arguments of the client program. */
  clientArguments(client: number): readonly string[];
  /** Where the sessions are now. */
  currentUrl(): Promise<string>;
  /** Kills the server that serves, and returns when all is as before: perhaps another serves. */
  kill(): Promise<void>;
  /** Does something to the connections of a client, for a moment; answers what. */
  disturb(client: number, random: Random): string;
  /** Ends all disturbances. */
  calm(): void;
  stop(): Promise<void>;
}

export const persistences = {
  always: ['--appendonly', 'yes', '--appendfsync', 'always'],
  everysec: ['--appendonly', 'yes', '--appendfsync', 'everysec'],
  rdb: ['--save', '1 1'],
  none: [],
} as const;
export type Persistence = keyof typeof persistences;

export function isPersistence(name: string): name is Persistence {
  return Object.hasOwn(persistences, name);
}

/** One server, and for each client a proxy before it. */
export async function startSingle(clients: number, persistence: Persistence): Promise<Servers> {
  const server = await startRedisServer({ args: persistences[persistence] });
  const proxies = await Promise.all(
    Array.from({ length: clients }, () => startFaultyProxy(server.url)),
  );
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };
  return {
    name: `one server, persistence ${persistence}`,
    clientArguments: (client) => ['--url', proxies[client]?.url ?? ''],
    currentUrl: async () => server.url,
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.restart();
    },
    disturb(client, random) {
      const proxy = proxies[client];
      if (!proxy) throw new RangeError(`There is no client ${client}.`);
      return disturb(proxy, random, later);
    },
    calm() {
      for (const timer of timers) clearTimeout(timer);
      for (const proxy of proxies) {
        proxy.delay(0);
        proxy.release();
      }
    },
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await server.stop();
    },
  };
}

type Later = (ms: number, act: () => void) => void;

function disturb(proxy: FaultyProxy, random: Random, later: Later): string {
  const faults: readonly [Fault, ...Fault[]] = [
    { name: 'request cut', make: () => proxy.cutAfter('request', random.from(0, 900)) },
    { name: 'answer cut', make: () => proxy.cutAfter('reply', random.from(0, 120)) },
    { name: 'answer lost', make: () => proxy.loseReply() },
    { name: 'connection cut', make: () => proxy.cut() },
    {
      name: 'answers held back',
      make() {
        proxy.holdReplies();
        later(random.from(20, 1200), () => proxy.release());
      },
    },
    {
      name: 'all delayed',
      make() {
        proxy.delay(random.from(1, 30));
        later(random.from(50, 300), () => proxy.delay(0));
      },
    },
  ];
  const { name, make } = random.pick(faults);
  make();
  return name;
}

interface Fault {
  readonly name: string;
  readonly make: () => unknown;
}

/** A master and its replica under three sentinels, without persistence: a failover swaps them. */
export async function startGroup(confirm: number): Promise<Servers> {
  const group = await startSentinel({ sentinels: 3 });
  const [sentinel] = group.sentinels;
  if (!sentinel) throw new Error('There is no sentinel.');
  const place = { port: sentinel.port, name: group.masterName };
  const members = [group.master, group.replica];
  const sentinels = group.sentinels.map(({ port }) => port).join(',');
  return {
    name: `a master and a replica under sentinels, ${confirm} replicas confirm`,
    clientArguments: () => [
      ...['--sentinels', sentinels, '--master', group.masterName],
      ...['--confirm', String(confirm)],
    ],
    currentUrl: () => masterUrl(place),
    async kill() {
      const url = await masterUrl(place);
      const killed = members.find((member) => member.url === url);
      const promoted = members.find((member) => member.url !== url);
      if (!killed || !promoted) throw new Error(`${url} is none of the servers.`);
      process.kill(killed.pid, 'SIGKILL');
      for (const { port } of group.sentinels) {
        await until(
          'the sentinels name the other',
          async () => {
            return (await masterUrl({ ...place, port })) === promoted.url;
          },
          60_000,
        );
      }
      await killed.restart();
      await withConnection(killed.url, (connection) =>
        connection.sendCommand(['REPLICAOF', '127.0.0.1', String(promoted.port)]),
      );
      await until('the killed one has become a replica', () => isReplicaOf(killed, promoted));
      await until('the sentinels see the replica', () => isSeen(sentinel, group.masterName));
    },
    // Sentinel clients find the servers by themselves: there is no place for a proxy.
    disturb: () => 'nothing',
    calm() {},
    stop: () => group.stop(),
  };
}

function isReplicaOf(replica: RedisServer, master: RedisServer): Promise<boolean> {
  return withConnection(replica.url, async (connection) => {
    const info = await connection.info('replication');
    return (
      infoField(info, 'master_link_status') === 'up' &&
      infoField(info, 'master_port') === String(master.port)
    );
  });
}

function isSeen(sentinel: RedisServer, name: string): Promise<boolean> {
  return withConnection(sentinel.url, async (connection) => {
    const replicas = await connection.sendCommand(['SENTINEL', 'REPLICAS', name]);
    const fields: unknown[] = Array.isArray(replicas) ? replicas.flat() : [];
    const valueOf = (field: string) => fields[fields.indexOf(field) + 1];
    return valueOf('flags') === 'slave' && valueOf('master-link-status') === 'ok';
  });
}

/** A folder that is gone when the task is done. */
export async function inFolder<Result>(task: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-sessions-torture-'));
  try {
    return await task(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
