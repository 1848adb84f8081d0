import type { OwnClient } from './one-connection.ts';
import type { Duplicable, Sender } from './redis-client.ts';

/** A client like another, on a connection of its own, which by itself keeps no process running. */
export function quietDuplicate(client: Duplicable): OwnClient {
  const duplicate = client.duplicate();
  duplicate.on('error', () => {});
  duplicate.unref();
  return duplicate;
}

/** A duplicate has the database of the options, and its original may have selected another since. */
export async function selectSameDatabase(original: Sender, duplicate: OwnClient): Promise<void> {
  const [there, here] = await Promise.all([original, duplicate].map(databaseOf));
  if (there !== undefined && there !== here) await duplicate.sendCommand(['SELECT', there]);
}

async function databaseOf(client: Sender): Promise<string | undefined> {
  try {
    return /\bdb=(\d+)/.exec(String(await client.sendCommand(['CLIENT', 'INFO'])))?.[1];
  } catch {
    // Not allowed, or older than Redis 6.2: then it is that of the options, as far as is known.
    return undefined;
  }
}
