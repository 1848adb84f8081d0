import { checkTtlMs, SessionError } from '@agent-sessions/session-core';

import { OwnConnection } from './connection/own-connection.ts';
import { RedisJsonSessionStore } from './redisjson-session-store.ts';
import type { RedisJsonSessionStoreOptions } from './redisjson-session-store.ts';

/** @see {@link openSessionStore} */
export interface OpenSessionStoreOptions extends RedisJsonSessionStoreOptions {
  /** Milliseconds for the first connection. @defaultValue 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Told of every connection that was lost or could not be made; the next call makes another.
   * @defaultValue ignores it: calls that suffer from it report it
   */
  readonly onConnectionError?: ((error: Error) => void) | undefined;
}

/**
 * Connects to Redis and opens a store on the connection; closing the store closes it.
 *
 * @param url - `redis[s]://[[user]:password@]host[:port][/database]`
 * @throws SessionError `connection_failed` where Redis cannot be reached, `timeout` where it does
 * not answer, `permission_denied` where it refuses the credentials
 */
export async function openSessionStore(
  url = 'redis://localhost:6379',
  options: OpenSessionStoreOptions = {},
): Promise<RedisJsonSessionStore> {
  const { connectTimeoutMs = 5000, onConnectionError = () => {}, ...storeOptions } = options;
  checkTtlMs('connectTimeoutMs', connectTimeoutMs);
  const redis = await importRedis();
  const connection = new OwnConnection({
    connectTimeoutMs,
    createClient() {
      const socket = { connectTimeout: connectTimeoutMs, reconnectStrategy: false } as const;
      return redis.createClient({ url, socket }).on('error', onConnectionError);
    },
  });
  const store = new OwningStore(connection, storeOptions);
  await connection.connect();
  return store;
}

/** A store whose connection is its own. */
class OwningStore extends RedisJsonSessionStore {
  readonly #connection: OwnConnection;
  readonly #deadlineMs: number;

  constructor(connection: OwnConnection, options: RedisJsonSessionStoreOptions) {
    super(connection, options);
    this.#connection = connection;
    this.#deadlineMs = options.deadlineMs ?? 5000;
  }

  /** Waits for the calls that are under way, and not longer than these wait. */
  override async close(): Promise<void> {
    await super.close();
    await this.#connection.close(this.#deadlineMs);
  }
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
