import { createClient } from 'redis';

import { type SaidMessage, ttlSeconds } from './messages.ts';
import { nodePeer } from './node-peer.ts';
import type { Peer } from './peer.ts';

/** A client that is connected, for one peer. */
export async function connect(url: string) {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** A round trip that does nothing. */
export async function pingPeer(url: string): Promise<Peer> {
  const client = await connect(url);
  return nodePeer({
    append: () => client.ping(),
    all: async () => [],
    contentOf: () => undefined,
    close: () => client.disconnect(),
  });
}

/** One command of RedisJSON with a record as ours, and nothing that counts or checks. */
export async function arrAppendPeer(url: string): Promise<Peer> {
  const client = await connect(url);
  return nodePeer({
    fill: (session, messages) =>
      client.json.set(session, '$', { messages: messages.map(recordOf) }),
    append: (session, messages) =>
      client.json.arrAppend(session, '$.messages', ...messages.map(recordOf)),
    last: async (session, count) =>
      listOf(await client.json.get(session, { path: `$.messages[-${count}:]` })),
    all: async (session) => listOf(await client.json.get(session, { path: '$.messages[*]' })),
    contentOf: member('content'),
    close: () => client.disconnect(),
  });
}

/** A plain list of JSON strings. */
export async function listPeer(url: string): Promise<Peer> {
  const client = await connect(url);
  return nodePeer({
    append: (session, messages) => client.rPush(session, messages.map(textOf)),
    last: async (session, count) => (await client.lRange(session, -count, -1)).map(parse),
    all: async (session) => (await client.lRange(session, 0, -1)).map(parse),
    contentOf: member('content'),
    close: () => client.disconnect(),
  });
}

/** The whole conversation as one string. */
export async function stringPeer(url: string): Promise<Peer> {
  const client = await connect(url);
  const set = (session: string, messages: readonly unknown[]) =>
    client.set(session, JSON.stringify(messages), { EX: ttlSeconds });
  const all = async (session: string) => listOf(parse((await client.get(session)) ?? '[]'));
  return nodePeer({
    fill: set,
    append: async (session, messages) => set(session, [...(await all(session)), ...messages]),
    all,
    contentOf: member('content'),
    close: () => client.disconnect(),
  });
}

let records = 0;

/** As our driver and the Python class keep a message. */
export function recordOf({ role, content, tokens }: SaidMessage) {
  records += 1;
  const id = records.toString(16).padStart(16, '0');
  return { id, role, content, timestamp: Date.now() / 1000, agent: null, tokens };
}

/** As the SDK of Python keeps an item in a list. */
export function textOf({ role, content }: SaidMessage): string {
  return JSON.stringify({ role, content });
}

export function parse(text: string): unknown {
  return JSON.parse(text);
}

export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('The peer answered no list.');
}

/** Reads a member of whatever was answered. */
export function member(name: string): (value: unknown) => unknown {
  return (value) => {
    if (typeof value !== 'object' || value === null) return undefined;
    const found: unknown = Reflect.get(value, name);
    return found;
  };
}
