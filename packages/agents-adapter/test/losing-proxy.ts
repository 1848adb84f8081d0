import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and Redis, and cuts the connection when it is told to. */
export interface LosingProxy {
  /** The URL of the server, by way of the proxy. */
  readonly url: string;
  /** How many connections it has cut, each at a commit. */
  readonly lost: number;
  /** Cuts the connection instead of passing on the answer to the next commit. */
  loseNextAnswer(options?: LossOptions): void;
  /** Cuts the connection instead of passing on the next commit. */
  loseNextCommit(options?: LossOptions): void;
  close(): Promise<void>;
}

export interface LossOptions {
  /** Never connect again. */
  readonly andStayAway?: boolean;
  /** Called at the loss, before the connection is cut. */
  readonly onLoss?: () => void;
}

export async function startLosingProxy(serverUrl: string): Promise<LosingProxy> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let plan: (LossOptions & { readonly what: 'commit' | 'answer' }) | undefined;
  let staysAway = false;
  let lost = 0;

  const proxy = createServer((client) => {
    if (staysAway) {
      client.destroy();
      return;
    }
    const server = connect(Number(port), hostname);
    let losesAnswer = false;
    const lose = () => {
      lost += 1;
      staysAway = plan?.andStayAway ?? false;
      plan?.onLoss?.();
      plan = undefined;
      client.destroy();
      server.destroy();
    };
    client.on('data', (chunk) => {
      if (plan && chunk.includes('EVALSHA')) {
        if (plan.what === 'commit') {
          lose();
          return;
        }
        losesAnswer = true;
      }
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (losesAnswer) lose();
      else client.write(chunk);
    });
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
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new TypeError('No port.');

  return {
    url: `redis://127.0.0.1:${address.port}`,
    get lost() {
      return lost;
    },
    loseNextAnswer(options) {
      plan = { ...options, what: 'answer' };
    },
    loseNextCommit(options) {
      plan = { ...options, what: 'commit' };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
