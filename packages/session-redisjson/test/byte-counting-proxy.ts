import { startRelay } from '../../../tools/relay.ts';

/** Bytes on the wire, in both directions. */
export interface Traffic {
  readonly sent: number;
  readonly received: number;
}

/** Stands between a client and its server, and counts the bytes that pass. */
export async function startByteCountingProxy(serverUrl: string) {
  let sent = 0;
  let received = 0;
  const relay = await startRelay(serverUrl, (client, server) => {
    client.on('data', ({ length }) => (sent += length));
    server.on('data', ({ length }) => (received += length));
    client.pipe(server).pipe(client);
  });
  return {
    ...relay,
    /** What a task, which must have had its answer when it ends, puts on the wire. */
    async count(task: () => Promise<unknown>): Promise<Traffic> {
      const before = { sent, received };
      await task();
      return { sent: sent - before.sent, received: received - before.received };
    },
  };
}
