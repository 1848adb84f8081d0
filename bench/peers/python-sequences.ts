import { createClient } from 'redis';

import { connect, listOf, member, parse, recordOf, textOf } from './floors.ts';
import { ttlSeconds } from './messages.ts';
import { nodePeer } from './node-peer.ts';
import type { Peer } from './peer.ts';

/** Where the Python class keeps a session; see redis_openai_agents/json_session.py. */
const documentKey = (session: string) => `session:${session}`;

/**
 * What `redis_openai_agents.JSONSession` sends for each message, from Node: no language stands between
 * the two then. Source: `add_message` and `get_messages` of version 0.1.0.
 */
export async function jsonSessionCommands(url: string): Promise<Peer> {
  const client = await connect(url);
  return nodePeer({
    fill: (session, messages) => {
      const now = Date.now() / 1000;
      return client.json.set(documentKey(session), '$', {
        session_id: session,
        user_id: 'ada',
        created_at: now,
        updated_at: now,
        metadata: {
          current_agent: null,
          agents_used: [],
          message_count: messages.length,
          total_tokens: messages.reduce((sum, { tokens }) => sum + tokens, 0),
        },
        messages: messages.map(recordOf),
        handoff_context: null,
      });
    },
    append: async (session, messages) => {
      const key = documentKey(session);
      for (const message of messages) {
        await client.json.arrAppend(key, '$.messages', recordOf(message));
        await client.json.numIncrBy(key, '$.metadata.message_count', 1);
        await client.json.numIncrBy(key, '$.metadata.total_tokens', message.tokens);
        await client.json.set(key, '$.updated_at', Date.now() / 1000);
        await client.expire(key, ttlSeconds);
      }
    },
    last: async (session, count) =>
      listOf(await client.json.get(documentKey(session), { path: `$.messages[-${count}:]` })),
    all: async (session) =>
      listOf(listOf(await client.json.get(documentKey(session), { path: '$.messages' }))[0]),
    contentOf: member('content'),
    close: () => client.disconnect(),
  });
}

/** Where openai-agents-python keeps a session; see agents/extensions/memory/redis_session.py. */
const keysOf = (session: string) => {
  const key = `agents:session:${session}`;
  return { session: key, messages: `${key}:messages`, counter: `${key}:counter` };
};

/**
 * What the `RedisSession` of openai-agents-python sends, from Node. WATCH wants a connection of its
 * own for as long as it lasts; these come from the pool of the client. Source: `add_items` and
 * `get_items` of version 0.24.0.
 */
export async function redisSessionCommands(url: string): Promise<Peer> {
  const client = createClient({ url, isolationPoolOptions: { max: 64 } });
  await client.connect();
  return nodePeer({
    fill: async (session, messages) => {
      const keys = keysOf(session);
      const now = String(Math.floor(Date.now() / 1000));
      await client.hSet(keys.session, { session_id: session, created_at: now, updated_at: now });
      await client.rPush(keys.messages, messages.map(textOf));
    },
    append: (session, messages) =>
      client.executeIsolated(async (isolated) => {
        const keys = keysOf(session);
        const all = Object.values(keys);
        await isolated.watch(all);
        for (const key of all) await isolated.type(key);
        const nowMs = (await isolated.time()).getTime();
        const now = String(Math.floor(nowMs / 1000));
        const transaction = isolated
          .multi()
          .hSet(keys.session, 'session_id', session)
          .hSetNX(keys.session, 'created_at', now)
          .rPush(keys.messages, messages.map(textOf))
          .hSet(keys.session, 'updated_at', now);
        for (const key of all) transaction.pExpireAt(key, nowMs + ttlSeconds * 1000);
        await transaction.exec();
      }),
    last: async (session, count) =>
      (await client.lRange(keysOf(session).messages, -count, -1)).map(parse),
    all: async (session) => (await client.lRange(keysOf(session).messages, 0, -1)).map(parse),
    contentOf: member('content'),
    close: () => client.disconnect(),
  });
}
