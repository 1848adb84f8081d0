import type { RedisServer } from './launch-server.ts';
import { launchServer } from './launch-server.ts';
import type { RedisBinaries } from './redis-binaries.ts';
import { redisBinaries } from './redis-binaries.ts';
import type { StackOptions } from './stack-wheel.ts';

export interface RedisServerOptions extends StackOptions {
  /** Further arguments of redis-server, as `['--appendonly', 'yes']`; they win over ours. */
  readonly args?: readonly string[] | undefined;
  /** A password for the default user. */
  readonly password?: string | undefined;
  /** Finds a port to try; replaceable, so that a port taken by others can be tested. */
  readonly findPort?: (() => Promise<number>) | undefined;
}

/**
 * Starts a Redis with JSON as a process of this machine. For tests that need to stop, kill or
 * configure their server; whoever only needs a Redis calls {@link provideRedis}.
 *
 * @throws Error where none can be had, or with the last lines of its log when it does not start
 */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  return runRedis(await redisBinaries(options), options);
}

/** Runs given binaries. By default nothing is kept on disk. */
export function runRedis(
  binaries: RedisBinaries,
  { args = [], password, findPort }: RedisServerOptions = {},
): Promise<RedisServer> {
  const login = password === undefined ? [] : ['--requirepass', password];
  return launchServer({
    password,
    findPort,
    command: async (port, folder) => [
      binaries.server,
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'no'],
      // A replica would otherwise wait five seconds for others to come.
      ...['--repl-diskless-sync-delay', '0'],
      ...['--loadmodule', binaries.jsonModule],
      ...login,
      ...args,
    ],
  });
}
