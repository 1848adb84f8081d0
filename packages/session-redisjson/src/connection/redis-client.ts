import { isNativeError } from 'node:util/types';

import { parseJson, wrongType } from '@agent-sessions/session-core';

import type { OwnClient } from './one-connection.ts';
import { isOwn } from './own-connection.ts';
import type { Sending, SendOptions } from './sending.ts';

/**
 * The part of a node-redis client that the driver uses, alike in node-redis 4, 5 and 6: a single
 * client or a pool, a cluster, or a sentinel client, made by the `redis` package.
 */
export type RedisJsonClient = SingleClient | ClusterClient | SentinelClient;

interface JsonReader {
  readonly json: {
    get(key: string, options: { path: string[] }): Promise<unknown>;
  };
}

/** What sends to one server. */
export interface Sender {
  sendCommand(args: string[], options?: SendOptions): Promise<unknown>;
}

/** Sends a command, to a place that is settled. */
export type RunCommand = (args: string[]) => Promise<unknown>;

/** What can open a connection of the same kind. */
export interface Duplicable {
  duplicate(): OwnClient;
}

/**
 * A connection of our own, for what has to be asked on the very connection that wrote. It also lets
 * nobody wait who shares the client.
 */
export interface TiedConnection {
  /**
   * Does something about a key by commands that all go through the same connection; it fails where
   * that is lost meanwhile.
   */
  use<T>(key: string, work: (run: RunCommand) => Promise<T>, sending: Sending): Promise<T>;
  close(deadlineMs: number): Promise<void>;
}

type SingleClient = JsonReader & Sender;

export interface ClusterClient extends JsonReader {
  /** Those that serve slots, as far as the client knows. */
  readonly masters: readonly ClusterNode[];
  readonly slots: readonly { readonly master: ClusterNode }[];
  readonly nodeByAddress: ReadonlyMap<string, ClusterNode>;
  nodeClient(node: ClusterNode): NodeClient | Promise<NodeClient>;
  sendCommand(
    firstKey: string,
    isReadonly: boolean,
    args: string[],
    options?: SendOptions,
  ): Promise<unknown>;
}

export interface ClusterNode {
  readonly id: string;
}

export type NodeClient = Sender & Duplicable;

interface SentinelClient extends JsonReader {
  getMasterNode(): unknown;
  sendCommand(isReadonly: boolean, args: string[], options?: SendOptions): Promise<unknown>;
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
  // Of node-redis 6, which does not add it to what is sent as it is.
  if (Reflect.get(client, '_keyPrefix') !== undefined) {
    throw wrongType(
      'client',
      'adds a keyPrefix to the keys of some commands; pass one without it, and the prefix to the store.',
    );
  }
  return client;
}

export function isCluster(client: RedisJsonClient): client is ClusterClient {
  return 'nodeClient' in client;
}

export function isSentinel(client: RedisJsonClient): client is SentinelClient {
  return 'getMasterNode' in client;
}

/** Sends a command to the server that takes the commits about the key. */
export function send(
  client: RedisJsonClient,
  key: string,
  args: string[],
  sending: Sending,
): Promise<unknown> {
  if (isOwn(client)) return client.send(args, sending);
  const { options } = sending;
  const begun = sending.begin(client, args);
  // Not cluster.eval: in node-redis 4 that goes to a random node.
  if (isCluster(client)) return client.sendCommand(key, false, begun, options);
  if (isSentinel(client)) return client.sendCommand(false, begun, options);
  return client.sendCommand(begun, options);
}

/**
 * Reads parts of a document where the commits go: a cluster or a sentinel client may ask a replica,
 * which may not have them yet, and a client with a cache of its own may ask nobody.
 */
export async function getDocument(
  client: RedisJsonClient,
  key: string,
  path: string[],
  sending: Sending,
): Promise<unknown> {
  if (!isCluster(client) && !isSentinel(client) && !hasCache(client)) {
    return client.json.get(key, { path });
  }
  const reply = await send(client, key, ['JSON.GET', key, ...path], sending);
  // A client may be told to answer with buffers.
  return typeof reply === 'string' || Buffer.isBuffer(reply) ? parseJson(reply.toString()) : null;
}

function hasCache(client: object): boolean {
  return 'clientSideCache' in client && client.clientSideCache !== undefined;
}

/** How long the arrays at a path of a document are; nothing where there is no document. */
export async function arrayLengths(
  client: RedisJsonClient,
  key: string,
  path: string,
  sending: Sending,
): Promise<number[]> {
  try {
    const found = await send(client, key, ['JSON.ARRLEN', key, path], sending);
    return Array.isArray(found) ? found.filter((length) => length !== null).map(Number) : [];
  } catch (error) {
    if (isNativeError(error) && error.message.includes("doesn't exist")) return [];
    throw error;
  }
}

/** Sends commands to one server, of which the last can be taken back. */
export function runOn(client: Sender, sending: Sending): RunCommand {
  return (args) => client.sendCommand(sending.begin(client, args), sending.options);
}

/** A Lua script, and the hash by which the server knows it. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

/**
 * Runs a script: by its hash, or in full where the server does not know it yet.
 *
 * @param run - sends the command
 */
export function runScript(
  run: RunCommand,
  script: Script,
  key: string,
  args: string[],
): Promise<unknown> {
  return run(['EVALSHA', script.sha1, '1', key, ...args]).catch((error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return run(['EVAL', script.text, '1', key, ...args]);
  });
}
