import { createClient } from 'redis';

const createShortClient = (url: string) =>
  createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 5000 } });

export type RedisConnection = ReturnType<typeof createShortClient>;

/**
 * Opens a connection for one task and closes it afterwards. It never reconnects, and a server that
 * takes the connection but does not answer within the deadline makes the task fail.
 */
export async function withConnection<Result>(
  url: string,
  task: (connection: RedisConnection) => Promise<Result>,
  deadlineMs = 10_000,
): Promise<Result> {
  const client = createShortClient(url);
  // Failures reach us through the commands; without a listener they would end the process.
  client.on('error', () => {});
  const close = async () => {
    if (client.isOpen) await client.disconnect();
  };
  const deadline = setTimeout(() => void close(), deadlineMs);
  try {
    await client.connect();
    return await task(client);
  } finally {
    clearTimeout(deadline);
    await close();
  }
}
