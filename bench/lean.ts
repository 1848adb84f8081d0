// `npm run bench -- --lean`: what our code costs the client, in half a minute: start-up, size, CPU.
import { provideRedis } from '../tools/redis-server/index.ts';
import { connect } from './peers/floors.ts';
import type { Figure } from './report/results.ts';
import { measureClientCpu } from './workloads/client-cpu.ts';
import { measureStartUp } from './workloads/start-up.ts';

/** Measures, and tells each figure in a line. */
export async function measureLean(): Promise<string> {
  const redis = await provideRedis();
  const client = await connect(redis.url);
  try {
    const figures = [
      ...(await measureStartUp(redis.url, 5)),
      ...(await measureClientCpu(client, 20)),
    ];
    return figures.map(lineOf).join('\n');
  } finally {
    await client.disconnect();
    await redis.stop();
  }
}

function lineOf({ what, value, unit }: Figure): string {
  return `${value.toFixed(2).padStart(9)} ${unit.padEnd(3)} ${what}`;
}
