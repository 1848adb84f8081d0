import { checkTtlMs, SessionError } from '@agent-sessions/session-core';
import type { createClient } from 'redis';

import { RedisJsonSessionStore } from './redisjson-session-store.ts';
import type { RedisJsonSessionStoreOptions } from './redisjson-session-store.ts';
import { toSessionError } from './redis-errors.ts';

/** @see {@link openSessionStore} */
export interface OpenSessionStoreOptions extends RedisJsonSessionStoreOptions {
  /** Milliseconds for the first connection. @defaultValue 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Told of every lost connection; the client reconnects by itself.
   * @defaultValue ignores it: calls that suffer from it report it
   */
  readonly onConnectionError?: ((error: Error) => void) | undefined;
}

/**
 * Connects to Redis and opens a store on the connection; closing the store closes it.
 *
 * @param url - `redis[s]://[[user]:password@]host[:port][/database]`
 * @throws SessionError `connection_failed` where Redis cannot be reached
 */
export async function openSessionStore(
  url = 'redis://localhost:6379',
  options: OpenSessionStoreOptions = {},
): Promise<RedisJsonSessionStore> {
  const { connectTimeoutMs = 5000, onConnectionError = () => {}, ...storeOptions } = options;
  checkTtlMs('connectTimeoutMs', connectTimeoutMs);
  const redis = await importRedis();
  let connected = false;
  const client = redis.createClient({
    url,
    socket: {
      connectTimeout: connectTimeoutMs,
      // The first connection is made or reported; a lost one is made again, forever.
      reconnectStrategy: (retries, cause) =>
        connected ? Math.min(25 * 2 ** retries, 2000) : cause,
    },
  });
  client.on('error', onConnectionError);
  try {
    const store = new OwningStore(client, storeOptions);
    await client.connect();
    connected = true;
    return store;
  } catch (error) {
    await disconnect(client);
    throw toSessionError(error);
  }
}

/** A store whose client is its own. */
class OwningStore extends RedisJsonSessionStore {
  readonly #client: Client;

  constructor(client: Client, options: RedisJsonSessionStoreOptions) {
    super(client, options);
    this.#client = client;
  }

  override async close(): Promise<void> {
    await disconnect(this.#client);
  }
}

type Client = ReturnType<typeof createClient>;

/** Waits for what was sent, but not for a server that does not answer. */
async function disconnect(client: Client): Promise<void> {
  if (client.isReady) await client.quit().catch(() => {});
  else if (client.isOpen) await client.disconnect().catch(() => {});
}

/** Only here is `redis` needed at run time: a store on a client that was passed in brings its own. */
async function importRedis(): Promise<typeof import('redis')> {
  try {
    return await import('redis');
  } catch (cause) {
    throw new SessionError(
      'driver_not_found',
      'The package redis is not installed. Run: npm install redis@4',
      { cause },
    );
  }
}
