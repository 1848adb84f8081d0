import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import { portOf } from './port-of.ts';

/** Bytes on the wire, in both directions. */
export interface Traffic {
  readonly sent: number;
  readonly received: number;
}

/** Stands between a client and its server, and counts the bytes that pass. */
export async function startByteCountingProxy(serverUrl: string) {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let sent = 0;
  let received = 0;

  const proxy = createServer((client) => {
    const server = connect(Number(port || 6379), hostname);
    client.on('data', ({ length }) => (sent += length));
    server.on('data', ({ length }) => (received += length));
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  return {
    url: `redis://127.0.0.1:${portOf(proxy)}`,
    /** What a task, which must have had its answer when it ends, puts on the wire. */
    async count(task: () => Promise<unknown>): Promise<Traffic> {
      const before = { sent, received };
      await task();
      return { sent: sent - before.sent, received: received - before.received };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
