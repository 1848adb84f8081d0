import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { type Relay, startRelay } from '../../../tools/relay.ts';

/** Stands between a client and its server, and hands on every byte in a packet of its own. */
export function startSplittingProxy(serverUrl: string): Promise<Relay> {
  return startRelay(serverUrl, (client, server) => {
    void handOn(client, server);
    void handOn(server, client);
  });
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
