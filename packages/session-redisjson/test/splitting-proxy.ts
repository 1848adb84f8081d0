import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { portOf } from './port-of.ts';

/** Stands between a client and its server, and hands on every byte in a packet of its own. */
export async function startSplittingProxy(serverUrl: string) {
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
    void handOn(client, server);
    void handOn(server, client);
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

async function handOn(from: Socket, to: Socket): Promise<void> {
  try {
    for await (const chunk of from) {
      for (const byte of chunk as Buffer) {
        to.write(Uint8Array.of(byte));
        // In the same process: the client reads it before the next is written.
        await nextTurn();
      }
    }
  } catch {
    // The connection was closed, which ends it.
  }
}
