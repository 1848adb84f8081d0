import { Conversation, type SessionStore } from '@agent-sessions/session-core';
import { JSONSession, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import type { RedisJsonClient } from '@agent-sessions/session-redisjson';

import { connect, member } from './floors.ts';
import { memoized } from './memoized.ts';
import { ttlSeconds } from './messages.ts';
import { nodePeer } from './node-peer.ts';
import type { Peer } from './peer.ts';

const ttlMs = ttlSeconds * 1000;
/** What is long here is meant to be; 64 reads of it at once take their time. */
const storeOptions = { onLongSession() {}, deadlineMs: 60_000 };

/** A store as an application uses it, through conversations. */
function storePeer(store: SessionStore, close: () => Promise<unknown>): Peer {
  const conversationOf = memoized((sessionId) => new Conversation({ store, sessionId, ttlMs }));
  return nodePeer({
    append: (session, messages) => conversationOf(session).append(messages),
    last: (session, last) => conversationOf(session).messages({ last }),
    all: (session) => conversationOf(session).messages(),
    contentOf: member('content'),
    close,
  });
}

export async function driverPeer4(url: string): Promise<Peer> {
  const client = await connect(url);
  return storePeer(driver(client), () => client.disconnect());
}

export async function driverPeer5(url: string): Promise<Peer> {
  const { createClient } = await import('redis5');
  const client = createClient({ url });
  await client.connect();
  return storePeer(driver(client), async () => client.destroy());
}

export async function driverPeer6(url: string): Promise<Peer> {
  const { createClient } = await import('redis6');
  const client = createClient({ url });
  await client.connect();
  return storePeer(driver(client), async () => client.destroy());
}

/** The Python class in TypeScript. Each of its sessions has a connection of its own, as there. */
export async function jsonSessionPeer(redisUrl: string): Promise<Peer> {
  const client = await connect(redisUrl);
  const store = driver(client);
  const opened: JSONSession[] = [];
  const sessionOf = memoized((sessionId) => {
    const session = new JSONSession({ sessionId, redisUrl, ttl: ttlSeconds, storeOptions });
    opened.push(session);
    return session;
  });
  return nodePeer({
    fill: (sessionId, messages) => new Conversation({ store, sessionId, ttlMs }).append(messages),
    append: async (session, messages) => {
      for (const message of messages) await sessionOf(session).addMessage(message);
    },
    last: (session, limit) => sessionOf(session).getMessages({ limit }),
    all: (session) => sessionOf(session).getMessages(),
    contentOf: member('content'),
    close: () => Promise.all([client.disconnect(), ...opened.map((session) => session.close())]),
  });
}

/** @param path - of the file */
export async function sqlitePeer(path: string): Promise<Peer> {
  const { SqliteSessionStore } = await import('../../examples/sqlite-session-store.ts');
  const store = new SqliteSessionStore({ path });
  return storePeer(store, () => store.close());
}

export function driver(client: RedisJsonClient): RedisJsonSessionStore {
  return new RedisJsonSessionStore(client, storeOptions);
}
