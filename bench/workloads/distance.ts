import { startRelay } from '../../tools/relay.ts';
import type { Bench } from '../participants.ts';
import {
  agentsSession,
  chatHistory,
  ours,
  ping,
  pythonCommands,
  redisSessionCommands,
  string,
} from '../peers/catalogue.ts';
import { nodePeerInProcess } from '../peers/in-process.ts';
import type { Row } from '../report/results.ts';
import { compare, type Workload } from './operations.ts';

/** So long is everything on its way, there as well as back. */
const wayMs = 1;

/** Those that differ in how often they go there. */
const names = [
  ping,
  ours,
  agentsSession,
  pythonCommands,
  redisSessionCommands,
  chatHistory,
  string,
];

/** The same work where Redis is not next door: what counts there is the number of round trips. */
export async function measureAtDistance(
  bench: Bench,
  workloads: readonly Workload[],
): Promise<Row[]> {
  const relay = await startRelay(bench.url, (client, server) => {
    client.on('data', (chunk) => setTimeout(() => server.write(chunk), wayMs));
    server.on('data', (chunk) => setTimeout(() => client.write(chunk), wayMs));
  });
  const participants = bench.participants
    .filter(({ name }) => names.includes(name))
    .map((each) => ({ ...each, peer: nodePeerInProcess(each.name, relay.url) }));
  try {
    const rows: Row[] = [];
    for (const workload of workloads) {
      rows.push(...(await compare(bench, workload, participants, new Map())));
    }
    return rows;
  } finally {
    await Promise.all(participants.map(({ peer }) => peer.close()));
    await relay.close();
    await bench.clean();
  }
}
