import { checkTtlMs, SessionError } from '@agent-sessions/session-core';
import type { createClient } from 'redis';

import { OwnConnection } from './connection/own-connection.ts';
import { toSessionError } from './connection/redis-errors.ts';
import { parseRedisUrl } from './connection/redis-url.ts';
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
 * @param url - `redis[s]://[[user]:password@]host[:port][/database]`, or `unix:///path`; the database
 * may also be named as `?db=`
 * @throws TypeError `invalid_argument` where the URL is not understood; SessionError `connection_failed` where Redis cannot be reached, `timeout` where it does
 * not answer, `permission_denied` where it refuses the credentials
 */
export async function openSessionStore(
  url = 'redis://localhost:6379',
  options: OpenSessionStoreOptions = {},
): Promise<RedisJsonSessionStore> {
  const { connectTimeoutMs = 5000, onConnectionError = () => {}, ...storeOptions } = options;
  checkTtlMs('connectTimeoutMs', connectTimeoutMs);
  const { socket, ...address } = parseRedisUrl(url);
  const redis = await importRedis();
  const connection = new UrlConnection({
    connectTimeoutMs,
    createClient() {
      // What a call sends has the deadline of the call; of version 6, which has its own.
      const noTimeout = { commandOptions: { timeout: 0 } };
      return redis
        .createClient({
          ...address,
          ...noTimeout,
          socket: { ...socket, connectTimeout: connectTimeoutMs, reconnectStrategy: false },
        })
        .on('error', onConnectionError);
    },
  });
  const store = new OwningStore(connection, storeOptions);
  await store.connect();
  return store;
}

type Client = ReturnType<typeof createClient>;

/** The connection of a store that was opened by URL. */
class UrlConnection extends OwnConnection<Client> {
  readonly json = {
    get: (key: string, options: { path: string[] }): Promise<unknown> =>
      this.use((client) => client.json.get(key, options)),
  };
}

/** A store whose connection is its own. */
class OwningStore extends RedisJsonSessionStore {
  readonly #connection: UrlConnection;
  readonly #deadlineMs: number;

  constructor(connection: UrlConnection, options: RedisJsonSessionStoreOptions) {
    super(connection, options);
    this.#connection = connection;
    this.#deadlineMs = options.deadlineMs ?? 5000;
  }

  /** @throws SessionError where it cannot, or not in time */
  async connect(): Promise<void> {
    try {
      await this.#connection.connect();
    } catch (error) {
      throw toSessionError(error, {}, false);
    }
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
