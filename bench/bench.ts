// `npm run bench`: us, and what a user would take instead, side by side: the same work in the same
// minutes on the same server, checked by reading it back. Prints the tables.
//
//     --quick        ends within two minutes
//     --json FILE    writes the results as JSON
//     --anew         writes the documentation anew from the published results, measuring nothing
//     --publish      writes the results, the tables and the chart into the documentation
//     --guard        fails where something has become much worse than it ever was
//     --lean         tells only, in half a minute, what our code costs the client
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, release, type } from 'node:os';
import { parseArgs } from 'node:util';

import { reasonOf } from '../tools/reason.ts';
import { measureLean } from './lean.ts';
import { assemble, type Bench } from './participants.ts';
import { ping } from './peers/catalogue.ts';
import type { Session } from './peers/peer.ts';
import { fullPlan, type Plan, quickPlan } from './plan.ts';
import { goalsOf } from './report/goals.ts';
import { regressionsOf } from './report/guard.ts';
import { tablesOf } from './report/markdown.ts';
import { publish, published } from './report/publish.ts';
import { parseResults, type Results, type Row } from './report/results.ts';
import { measureClientCpu } from './workloads/client-cpu.ts';
import { measureAtDistance } from './workloads/distance.ts';
import { measureGuarantees } from './workloads/guarantees.ts';
import { measureLongSessions } from './workloads/long-sessions.ts';
import { measureMemory } from './workloads/memory.ts';
import { compare, type Workload } from './workloads/operations.ts';
import { measureRealItems } from './workloads/real-items.ts';
import { measureStartUp } from './workloads/start-up.ts';
import { measureTurns } from './workloads/turns.ts';

// What was written until then is removed: the server may be one that others use.
let close = async () => {};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void close().finally(() => process.exit(1)));
}

try {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      publish: { type: 'boolean', default: false },
      guard: { type: 'boolean', default: false },
      anew: { type: 'boolean', default: false },
      lean: { type: 'boolean', default: false },
    },
  });
  if (values.lean) console.log(await measureLean());
  else if (values.anew) {
    const results = parseResults(readFileSync(published.results, 'utf8'));
    await publish({ ...results, goals: goalsOf(results) });
  } else {
    const results = await measure(values.quick);
    console.log(tablesOf(results));
    if (values.json !== undefined) await writeFile(values.json, JSON.stringify(results, null, 1));
    if (values.publish) await publish(results);
    const regressions = values.guard ? regressionsOf(results) : [];
    if (regressions.length > 0) throw new Error(regressions.join('\n'));
  }
} catch (error) {
  console.error(reasonOf(error));
  process.exitCode = 1;
}

async function measure(quick: boolean): Promise<Results> {
  const startedAt = new Date();
  const bench = await assemble();
  close = () => bench.close();
  try {
    const measured = await measureAll(bench, quick ? quickPlan : fullPlan);
    const results = {
      date: startedAt.toISOString(),
      quick,
      seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
      machine: machine(bench),
      versions: versions(bench),
      peers: bench.participants.map(({ name, group, about }) => ({ name, group, about })),
      absent: [...bench.absent],
      ...measured,
    };
    return { ...results, goals: goalsOf(results) };
  } finally {
    await close();
  }
}

async function measureAll(bench: Bench, plan: Plan) {
  const { participants } = bench;
  const rows = async (workloads: readonly Workload[]): Promise<Row[]> => {
    const all: Row[] = [];
    const toRead = new Map<string, Session>();
    for (const workload of workloads) {
      progress(`${workload.name}, ${workload.inFlight} in flight`);
      all.push(...(await compare(bench, workload, participantsOf(bench, workload), toRead)));
      if (toRead.size === 0) await bench.clean();
    }
    await bench.clean();
    return all;
  };
  const part = <Result>(name: string, run: () => Promise<Result>): Promise<Result> => {
    progress(name);
    return run();
  };
  return {
    rows: await rows(plan.rows),
    growth: await rows(plan.growth),
    distant: await part('at a distance', () => measureAtDistance(bench, plan.distant)),
    turns: await part('turns of the Runner', () => measureTurns(bench, plan.turns)),
    memory: await part('memory', () => measureMemory(bench, participants, plan.memoryCharacters)),
    long: await part('long sessions', () => measureLongSessions(bench, plan.longLengths)),
    guarantees: [
      ...(await part('guarantees', () => measureGuarantees(bench, plan.guarantees))),
      ...(await part('the client', () => measureClientCpu(bench.client, plan.guarantees.rounds))),
    ],
    realItems: await part('real items', () => measureRealItems(bench, plan.transcripts)),
    startUp: await part('start-up', () => measureStartUp(bench.url, plan.startUpRounds)),
  };
}

/** PING reads nothing. */
function participantsOf({ participants }: Bench, { operation }: Workload) {
  return participants.filter(({ name }) => operation.kind === 'append' || name !== ping);
}

function progress(what: string): void {
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${what}`);
}

function machine({ placement }: Bench): Results['machine'] {
  const [cpu] = cpus();
  const model = cpu?.model.trim() ?? 'unknown';
  return { cpu: model, cores: cpus().length, os: `${type()} ${release()}`, placement };
}

/** Of all that has a part in the figures. */
function versions({ redisVersion, jsonVersion }: Bench): Record<string, string> {
  const packages = ['redis', 'redis5', 'redis6', '@openai/agents-core', 'typebox', 'libsql'];
  const entries = packages.map((name) => [name, versionOf(name)] as const);
  return {
    node: process.versions.node,
    Redis: redisVersion,
    RedisJSON: jsonVersion,
    ...Object.fromEntries(entries),
  };
}

function versionOf(name: string): string {
  const module = createRequire(import.meta.url).resolve(name);
  const folder = `/node_modules/${name}/`;
  const end = module.lastIndexOf(folder) + folder.length;
  const description = readFileSync(`${module.slice(0, end)}package.json`, 'utf8');
  return /"version": "([^"]*)"/.exec(description)?.[1] ?? 'unknown';
}
