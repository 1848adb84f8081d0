import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between clients and their server, and does to connections what networks do. */
export interface FaultyProxy {
  /** The URL of the server, by way of the proxy. */
  readonly url: string;
  /** How many bytes clients have said, and servers have answered, since it was started. */
  readonly passed: Readonly<Record<Direction, number>>;
  /**
   * Cuts the connection once so many further bytes have been passed on; with 0, instead of passing
   * on the next. With `hold`, new connections get no answer until {@link FaultyProxy.release}.
   */
  cutAfter(direction: Direction, bytes: number, options?: { readonly hold?: boolean }): PlannedCut;
  /** The server's next answer gets lost, with the connection: the server did what it was asked. */
  loseReply(options?: { readonly hold?: boolean }): PlannedCut;
  /** Keeps back what servers answer: the client hears nothing, and the connection stays. */
  holdReplies(): void;
  /** Passes on what was kept back, and serves the connections that were made to wait. */
  release(): void;
  /** Everything takes so much longer from now on, both ways. */
  delay(ms: number): void;
  /** Cuts all connections at once. */
  cut(): void;
  /** Cuts all connections; new ones are refused. */
  goAway(): Promise<void>;
  /** Listens again, on the same port. */
  comeBack(): Promise<void>;
  /** How many clients are connected. */
  connections(): number;
  close(): Promise<void>;
}

export type Direction = 'request' | 'reply';

export interface PlannedCut {
  /** Resolves when the connection has been cut. */
  readonly made: Promise<void>;
  readonly isMade: boolean;
  /** Forgets it, if it has not been made. */
  cancel(): void;
}

/** Starts a proxy that passes everything on until it is told otherwise. */
export async function startFaultyProxy(serverUrl: string): Promise<FaultyProxy> {
  const { hostname, port: serverPort } = new URL(serverUrl);
  const clients = new Set<Socket>();
  const passed = { request: 0, reply: 0 };
  const gate = new Gate();
  let planned: { direction: Direction; bytesLeft: number; make: () => void } | undefined;
  let delayMs = 0;

  const proxy = createServer((client) => {
    const server = connect(Number(serverPort || 6379), hostname);
    for (const [direction, from, to] of [
      ['request', client, server],
      ['reply', server, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => {});
      // One after the other, however long each has to wait.
      let turn = Promise.resolve();
      const arrived = (chunk: Buffer) => {
        turn = turn.then(async () => {
          if (delayMs > 0) await new Promise((done) => setTimeout(done, delayMs).unref());
          if (direction === 'reply' && !gate.isOpen) await gate.opened;
          pass(direction, chunk, from, to);
        });
      };
      from.on('data', arrived);
      from.on('close', () => {
        turn = turn.then(() => void to.end());
        if (from === client) clients.delete(client);
      });
    }
    clients.add(client);
  });

  function pass(direction: Direction, chunk: Buffer, from: Socket, to: Socket): void {
    if (planned?.direction === direction && chunk.length >= planned.bytesLeft) {
      const { bytesLeft, make } = planned;
      passed[direction] += bytesLeft;
      // `end` still delivers what it is given; what comes the other way is dropped.
      to.end(chunk.subarray(0, bytesLeft));
      from.destroy();
      make();
      return;
    }
    if (planned?.direction === direction) planned.bytesLeft -= chunk.length;
    passed[direction] += chunk.length;
    if (to.writable) to.write(chunk);
  }

  const cut = () => {
    for (const client of clients) client.destroy();
  };
  const listen = async (port: number) => {
    proxy.listen(port, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    return address.port;
  };
  const close = async () => {
    cut();
    gate.open();
    if (!proxy.listening) return;
    proxy.close();
    await once(proxy, 'close');
  };
  const cutAfter: FaultyProxy['cutAfter'] = (direction, bytes, { hold = false } = {}) => {
    let isMade = false;
    const made = new Promise<void>((resolve) => {
      planned = {
        direction,
        bytesLeft: bytes,
        make() {
          planned = undefined;
          isMade = true;
          if (hold) gate.shut();
          resolve();
        },
      };
    });
    return {
      made,
      get isMade() {
        return isMade;
      },
      cancel() {
        if (!isMade) planned = undefined;
      },
    };
  };

  const port = await listen(0);
  return {
    url: urlBy(serverUrl, port),
    passed,
    cutAfter,
    loseReply: (options) => cutAfter('reply', 0, options),
    holdReplies: () => gate.shut(),
    release: () => gate.open(),
    delay: (ms) => void (delayMs = ms),
    cut,
    goAway: close,
    async comeBack() {
      await listen(port);
    },
    connections: () => clients.size,
    close,
  };
}

/** What waits at a gate goes on when it is opened. */
class Gate {
  #open: (() => void) | undefined;
  opened = Promise.resolve();

  get isOpen(): boolean {
    return this.#open === undefined;
  }

  shut(): void {
    if (!this.isOpen) return;
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open?.();
    this.#open = undefined;
  }
}

function urlBy(serverUrl: string, port: number): string {
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}
