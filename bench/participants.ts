import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { createClient } from 'redis';

import { SqliteSessionStore } from '../examples/sqlite-session-store.ts';
import { providePython } from '../tools/python.ts';
import { reasonOf } from '../tools/reason.ts';
import { provideRedis, searchModule, startRedisServer } from '../tools/redis-server/index.ts';
import { infoField } from '../tools/redis-server/server-facts.ts';
import { type Placement, separate } from './measure/cores.ts';
import { ServerMeter } from './measure/server-meter.ts';
import {
  catalogue,
  prismaSession,
  pythonClass,
  pythonCommands,
  redisSessionCommands,
} from './peers/catalogue.ts';
import { connect } from './peers/floors.ts';
import { compileProgram, nodePeerInProcess, pythonPeers } from './peers/in-process.ts';
import type { Peer, PeerGroup } from './peers/peer.ts';
import { providePrisma, startPostgres } from './peers/postgres.ts';

/** A peer that takes part. */
export interface Participant {
  readonly name: string;
  readonly group: PeerGroup;
  readonly about: string;
  readonly peer: Peer;
  /** Knows the costs of its server; there is none for peers without. */
  readonly meter: ServerMeter | undefined;
}

/** What all measurements share. */
export interface Bench {
  readonly url: string;
  /** Where server and clients run. */
  readonly placement: Placement;
  readonly redisVersion: string;
  readonly jsonVersion: string;
  readonly client: ReturnType<typeof createClient>;
  /** Of the server that all but one of the peers use. */
  readonly meter: ServerMeter;
  readonly participants: readonly Participant[];
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  newSession(): string;
  /** A store in a file of its own, closed at the end. */
  sqlite(): SqliteSessionStore;
  /** Removes what was written. */
  clean(): Promise<void>;
  close(): Promise<void>;
}

type Ends = (() => Promise<unknown>)[];

/** Brings together all peers that can be had here; those that cannot are named with the reason. */
export async function assemble(): Promise<Bench> {
  const ends: Ends = [];
  try {
    return await assembleUntilFailure(ends);
  } catch (error) {
    await endAll(ends);
    throw error;
  }
}

async function assembleUntilFailure(ends: Ends): Promise<Bench> {
  const run = randomUUID();
  let sessions = 0;
  const redis = await provideRedis();
  ends.push(() => redis.stop());
  const { url } = redis;
  const client = await connected(url, ends);
  const meter = new ServerMeter(await connected(url, ends));
  const folder = await mkdtemp(join(tmpdir(), 'agent-sessions-bench-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));

  const absent: { name: string; reason: string }[] = [];
  const search = await searchServer(ends).catch((error: unknown) => {
    absent.push({ name: 'LangGraph checkpoints', reason: reasonOf(error) });
    return undefined;
  });
  const postgres = await postgresPlace(ends).catch((error: unknown) => {
    absent.push({ name: prismaSession, reason: reasonOf(error) });
    return undefined;
  });
  const places = {
    redis: { place: url, meter },
    search: search && { place: search.url, meter: search.meter },
    postgres: postgres && { place: postgres.place, meter: undefined },
    file: { place: join(folder, 'peer.db'), meter: undefined },
    nothing: { place: '', meter: undefined },
  };
  await compileProgram();
  const participants = Object.entries(catalogue).flatMap(([name, { group, about, on }]) => {
    const where = places[on];
    if (!where) return [];
    return [{ name, group, about, peer: nodePeerInProcess(name, where.place), meter: where.meter }];
  });
  participants.push(...(await inPython(url, meter, participants, absent)));
  // All start at once, wherever there is a core; then each takes its place.
  await Promise.all(participants.map(({ peer }) => peer.contents('nobody').catch(() => {})));
  const pids = participants.flatMap(({ peer }) => peer.pid ?? []);
  const clients = [process.pid, ...new Set(pids)];
  const placement = await separate(await processIdOf(redis.source, client), clients);
  for (const server of [search, postgres]) if (server) await separate(server.pid, []);
  // Before what they are connected to ends.
  for (const { peer } of participants) ends.push(() => peer.close());

  const clean = async () => {
    for await (const key of client.scanIterator({ MATCH: `*${run}*`, COUNT: 1000 })) {
      await client.unlink(key);
    }
    await search?.clean();
  };
  // Whatever happens: the server may be one that others use.
  ends.push(clean);
  return {
    url,
    placement,
    redisVersion: redis.redisVersion,
    jsonVersion: String(redis.jsonVersion),
    client,
    meter,
    participants,
    absent,
    newSession() {
      sessions += 1;
      return `bench-${run}-${sessions}-`;
    },
    sqlite() {
      sessions += 1;
      const store = new SqliteSessionStore({ path: join(folder, `${sessions}.db`) });
      ends.push(() => store.close());
      return store;
    },
    clean,
    close: () => endAll(ends),
  };
}

/** A Redis that has search beside JSON: nobody else is to pay for what that does at every write. */
async function searchServer(ends: Ends) {
  const module = await searchModule({ log: console.error });
  const server = await startRedisServer({ version: '2.8', args: ['--loadmodule', module] });
  ends.push(() => server.stop());
  const client = await connected(server.url, ends);
  const { url, pid } = server;
  return { url, pid, meter: new ServerMeter(client), clean: () => client.flushAll() };
}

/** PostgreSQL, and the Prisma that asks it. */
async function postgresPlace(ends: Ends) {
  const prisma = await providePrisma();
  const server = await startPostgres();
  ends.push(() => server.stop());
  return { place: `${server.url}#${prisma}`, pid: server.pid };
}

async function inPython(
  url: string,
  meter: ServerMeter,
  participants: readonly Participant[],
  absent: { name: string; reason: string }[],
): Promise<Participant[]> {
  const python = await providePython();
  const peerOf = (name: string) => participants.find((each) => each.name === name)?.peer;
  const [jsonSession, redisSession] = [peerOf(pythonCommands), peerOf(redisSessionCommands)];
  if (python.path === undefined || !jsonSession || !redisSession) {
    absent.push({ name: 'the packages of Python', reason: python.reason ?? 'nobody fills them' });
    return [];
  }
  const twins = { JSONSession: jsonSession, RedisSession: redisSession };
  const peers = pythonPeers(python.path, url, twins);
  const group = 'others';
  return [
    {
      name: pythonClass,
      group,
      about: 'redis_openai_agents.JSONSession 0.1.0, in Python',
      peer: peers.JSONSession,
      meter,
    },
    {
      name: 'Python RedisSession',
      group,
      about: 'agents.extensions.memory.RedisSession of openai-agents, in Python',
      peer: peers.RedisSession,
      meter,
    },
  ];
}

/** Of a server that was started here: the id of another may be that of anybody here. */
async function processIdOf(source: string, client: Bench['client']): Promise<number | undefined> {
  if (source === 'REDIS_URL' || source === 'Docker') return undefined;
  return Number(infoField(await client.info('server'), 'process_id'));
}

async function connected(url: string, ends: Ends) {
  const client = await connect(url);
  ends.push(() => client.disconnect());
  return client;
}

/** In the opposite order of their beginnings. */
async function endAll(ends: Ends): Promise<void> {
  for (const end of ends.toReversed()) await end().catch(() => {});
}
