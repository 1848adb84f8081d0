import { commandOptions, type createClient } from 'redis';

/** All that Redis has under a key, to the byte, and when it ends. */
export async function snapshotOf(client: ReturnType<typeof createClient>, key: string) {
  const [bytes, expiresAtMs] = await Promise.all([
    client.dump(commandOptions({ returnBuffers: true }), key),
    client.sendCommand(['PEXPIRETIME', key]),
  ]);
  return { bytes, expiresAtMs };
}
