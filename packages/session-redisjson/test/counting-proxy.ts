import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import { portOf } from '../../../tools/port-of.ts';

/** Stands between a client and its server, and counts how often the client waits for an answer. */
export interface CountingProxy {
  /** The URL of the server, by way of the proxy. */
  readonly url: string;
  /** How many round trips a task takes: turns from speaking to listening. */
  count(task: () => Promise<unknown>): Promise<number>;
  /** How many clients are connected. */
  connections(): number;
  /** Waits until no client is connected. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A round trip is seen at the socket: the client has said something, however long, and then the
 * server says something. What a library does above the socket cannot make it look better.
 */
export async function startCountingProxy(serverUrl: string, listenOn = 0): Promise<CountingProxy> {
  const { hostname, port } = new URL(serverUrl);
  const clients = new Set<Socket>();
  let roundTrips = 0;

  const proxy = createServer((client) => {
    const server = connect(Number(port || 6379), hostname);
    let clientSpoke = false;
    client.on('data', () => (clientSpoke = true));
    server.on('data', () => {
      if (clientSpoke) roundTrips += 1;
      clientSpoke = false;
    });
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    clients.add(client);
    client.on('close', () => {
      server.destroy();
      clients.delete(client);
    });
    server.on('close', () => client.destroy());
  });
  proxy.listen(listenOn, '127.0.0.1');
  await once(proxy, 'listening');

  return {
    url: urlBy(serverUrl, portOf(proxy)),
    async count(task) {
      const before = roundTrips;
      await task();
      return roundTrips - before;
    },
    connections: () => clients.size,
    async idle() {
      for (const client of clients) await once(client, 'close');
    },
    async close() {
      for (const client of clients) client.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

function urlBy(serverUrl: string, port: number): string {
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}
