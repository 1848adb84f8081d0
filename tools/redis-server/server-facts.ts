import type { RedisConnection } from './connection.ts';
import { withConnection } from './connection.ts';

export interface ServerFacts {
  readonly redisVersion: string;
  /** Undefined where the server has no RedisJSON. */
  readonly jsonVersion: string | undefined;
}

/** Asks a server what it is. Writes nothing, so that any server may be asked. */
export function askServer(url: string): Promise<ServerFacts> {
  return withConnection(url, async (connection) => ({
    redisVersion: infoField(await connection.info('server'), 'redis_version') ?? 'unknown',
    jsonVersion: await jsonVersion(connection),
  }));
}

export function infoField(info: string, field: string): string | undefined {
  return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

async function jsonVersion(connection: RedisConnection): Promise<string | undefined> {
  const known = await connection.sendCommand(['COMMAND', 'INFO', 'JSON.SET']);
  if (!Array.isArray(known) || known[0] === null) return undefined;
  // Hosted servers often forbid MODULE; that JSON.SET is there is what matters.
  const modules = await connection.sendCommand(['MODULE', 'LIST']).catch(() => []);
  // Each is a list of names and values: ["name", "ReJSON", "ver", 20803, …].
  for (const fields of Array.isArray(modules) ? modules : []) {
    if (!Array.isArray(fields) || fields[1] !== 'ReJSON') continue;
    if (typeof fields[3] === 'number') return versionName(fields[3]);
  }
  return 'unknown';
}

/** 20803 is 2.8.3. */
function versionName(number: number): string {
  return [Math.floor(number / 10_000), Math.floor(number / 100) % 100, number % 100].join('.');
}
