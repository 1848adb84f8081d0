// `npm run redis`: finds or starts a Redis with JSON, prints its URL alone on standard output and
// keeps it until interrupted. `--cluster` and `--sentinel` start these instead, and print one URL
// a line: of the masters, or of the sentinels. `--json-version 2.6` chooses the RedisJSON.
import { parseArgs } from 'node:util';
import { reasonOf } from './reason.ts';
import type { StackOptions } from './redis-server/index.ts';
import {
  jsonVersionNamed,
  provideRedis,
  startCluster,
  startSentinel,
} from './redis-server/index.ts';

interface Kept {
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

// An interrupt while it starts may come: what has started by then ends with this process.
let stop: () => Promise<void> = async () => {};
let ending: Promise<void> | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Only the first counts: npm passes on a Ctrl-C that the terminal has sent us already.
  process.on(signal, () => {
    ending ??= stop().then(() => process.exit(0), fail);
  });
}

try {
  const { values } = parseArgs({
    options: {
      'json-version': { type: 'string' },
      cluster: { type: 'boolean', default: false },
      sentinel: { type: 'boolean', default: false },
    },
  });
  const kept = await start(values, {
    version: jsonVersionNamed(values['json-version']),
    log: console.error,
  });
  stop = () => kept.stop();
  // The servers do not keep this process running, nor do the handlers above.
  setInterval(() => {}, 60_000);
  console.log(kept.urls.join('\n'));
  console.error('Ctrl-C ends it.');
} catch (error) {
  fail(error);
}

function fail(error: unknown): never {
  console.error(reasonOf(error));
  process.exit(1);
}

async function start(
  kind: { readonly cluster: boolean; readonly sentinel: boolean },
  options: StackOptions,
): Promise<Kept> {
  if (kind.cluster) {
    const cluster = await startCluster(options);
    return { urls: cluster.masters.map((master) => master.url), stop: cluster.stop };
  }
  if (kind.sentinel) {
    const sentinel = await startSentinel(options);
    console.error(`Sentinel of the master named ${sentinel.masterName}`);
    return { urls: sentinel.sentinels.map((each) => each.url), stop: sentinel.stop };
  }
  const redis = await provideRedis(options);
  return { urls: [redis.url], stop: redis.stop };
}
