import { wrongType } from '@agent-sessions/session-core';

/**
 * The part of a node-redis client that the driver uses, alike in node-redis 4, 5 and 6: a single
 * client or a pool, a cluster, or a sentinel client, made by the `redis` package.
 */
export type RedisJsonClient = JsonReader & (Sender | ClusterSender | SentinelSender);

interface JsonReader {
  readonly json: {
    get(key: string, options: { path: string[] }): Promise<unknown>;
  };
}

interface Sender {
  sendCommand(args: string[]): Promise<unknown>;
}

interface ClusterSender {
  readonly masters: readonly object[];
  nodeClient(node: object): Sender | Promise<Sender>;
  sendCommand(firstKey: string, isReadonly: boolean, args: string[]): Promise<unknown>;
}

interface SentinelSender {
  getMasterNode(): unknown;
  sendCommand(isReadonly: boolean, args: string[]): Promise<unknown>;
}

/** @throws TypeError `invalid_argument` where it is no client that the driver can use */
export function checkClient(client: RedisJsonClient): RedisJsonClient {
  if (typeof client !== 'object' || client === null || !('json' in client)) {
    throw wrongType(
      'client',
      'must be a client of the redis package, which has the JSON commands.',
    );
  }
  const options: unknown = Reflect.get(client, 'options');
  if (
    typeof options === 'object' &&
    options !== null &&
    Reflect.get(options, 'legacyMode') === true
  ) {
    throw wrongType('client', 'is in legacy mode, which answers callbacks; pass one without it.');
  }
  return client;
}

/** Whether all commands about a key go through the same connection. */
export function isOnOneConnection(client: RedisJsonClient): boolean {
  return !isSentinel(client) && !('totalClients' in client);
}

/** Sends a writing command to the server that holds the key. */
export function send(client: RedisJsonClient, key: string, args: string[]): Promise<unknown> {
  // Not cluster.eval: in node-redis 4 that goes to a random node.
  if (isCluster(client)) return client.sendCommand(key, false, args);
  if (isSentinel(client)) return client.sendCommand(false, args);
  return client.sendCommand(args);
}

/** A Lua script, and the hash by which the server knows it. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

/** Runs a script on one key: by its hash, or in full where the server does not know it yet. */
export async function runScript(
  client: RedisJsonClient,
  script: Script,
  key: string,
  args: string[],
): Promise<unknown> {
  try {
    return await send(client, key, ['EVALSHA', script.sha1, '1', key, ...args]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return await send(client, key, ['EVAL', script.text, '1', key, ...args]);
  }
}

/**
 * Keys of JSON documents that match a pattern, on all masters, page by page; a key may come twice.
 *
 * @param call - calls Redis for one page
 */
export async function* scanKeys(
  client: RedisJsonClient,
  pattern: string,
  call: (scan: () => Promise<unknown>) => Promise<unknown>,
): AsyncIterable<string[]> {
  for (const scan of await scanners(client)) {
    let cursor = '0';
    do {
      const from = cursor;
      const page = await call(() =>
        scan(['SCAN', from, 'MATCH', pattern, 'COUNT', '500', 'TYPE', 'ReJSON-RL']),
      );
      if (!Array.isArray(page) || !Array.isArray(page[1])) {
        throw new TypeError('SCAN answered neither cursor nor keys.');
      }
      cursor = String(page[0]);
      yield page[1].map(String);
    } while (cursor !== '0');
  }
}

async function scanners(
  client: RedisJsonClient,
): Promise<((args: string[]) => Promise<unknown>)[]> {
  if (isSentinel(client)) return [(args) => client.sendCommand(true, args)];
  if (!isCluster(client)) return [(args) => client.sendCommand(args)];
  const nodes = await Promise.all(client.masters.map(async (master) => client.nodeClient(master)));
  return nodes.map((node) => (args) => node.sendCommand(args));
}

function isCluster(client: RedisJsonClient): client is JsonReader & ClusterSender {
  return 'nodeClient' in client;
}

function isSentinel(client: RedisJsonClient): client is JsonReader & SentinelSender {
  return 'getMasterNode' in client;
}
