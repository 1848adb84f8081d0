import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import { portOf } from './port-of.ts';

/** Something that stands between clients and their server. */
export interface Relay {
  /** The URL of the server, by way of the relay. */
  readonly url: string;
  /** Cuts all connections and listens no more. */
  close(): Promise<void>;
}

/**
 * Starts what stands between clients and a server: each client gets a connection of its own to it,
 * and where one side ends, the other does.
 *
 * @param relay - passes on what the two say
 */
export async function startRelay(
  serverUrl: string,
  relay: (client: Socket, server: Socket) => void,
): Promise<Relay> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();

  const proxy = createServer((client) => {
    const server = connect(Number(port || 6379), hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    relay(client, server);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  return {
    url: `redis://127.0.0.1:${portOf(proxy)}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
