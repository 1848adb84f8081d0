import type { RedisJsonClient } from '@agent-sessions/session-redisjson';
import * as redis4 from 'redis';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';

/** A client that a test has opened. */
export interface OpenedClient {
  readonly client: RedisJsonClient;
  end(): Promise<unknown>;
}

/** A single client of each version, connected; it makes its connection again at once when it is lost. */
export const singleClients: Record<string, (url: string) => Promise<OpenedClient>> = {
  'node-redis 4': async (url) => {
    // Each its own options: version 4 writes host and port into them.
    const client = redis4.createClient({ url, socket: { reconnectStrategy: 5 } });
    client.on('error', () => {});
    await client.connect();
    return { client, end: () => client.disconnect() };
  },
  'node-redis 5': async (url) => {
    const client = redis5.createClient({ url, socket: { reconnectStrategy: 5 } });
    client.on('error', () => {});
    await client.connect();
    return { client, end: async () => client.destroy() };
  },
  'node-redis 6': async (url) => {
    const client = redis6.createClient({ url, socket: { reconnectStrategy: 5 } });
    client.on('error', () => {});
    await client.connect();
    return { client, end: async () => client.destroy() };
  },
};
