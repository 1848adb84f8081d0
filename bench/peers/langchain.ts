import { AIMessage, HumanMessage, mapChatMessagesToStoredMessages } from '@langchain/core/messages';
import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint';
import { RedisSaver } from '@langchain/langgraph-checkpoint-redis';
import { RedisChatMessageHistory } from '@langchain/redis';

import { connect, listOf, member } from './floors.ts';
import { type SaidMessage, ttlSeconds } from './messages.ts';
import { nodePeer } from './node-peer.ts';
import type { Peer } from './peer.ts';

/** LangChain's history of a chat: a list of JSON strings, added one by one, read as a whole. */
export async function chatHistoryPeer(url: string): Promise<Peer> {
  const client = await connect(url);
  const historyOf = (sessionId: string) =>
    new RedisChatMessageHistory({ sessionId, sessionTTL: ttlSeconds, client });
  return nodePeer({
    // As addMessages leaves it, many at once.
    fill: async (session, messages) => {
      const stored = mapChatMessagesToStoredMessages(messages.map(toLangChain));
      await client.lPush(
        session,
        stored.map((message) => JSON.stringify(message)),
      );
    },
    append: (session, messages) => historyOf(session).addMessages(messages.map(toLangChain)),
    all: (session) => historyOf(session).getMessages(),
    contentOf: member('content'),
    close: () => client.disconnect(),
  });
}

/**
 * LangGraph's checkpoints: every step writes the state as a whole, with all messages. Its `put` is what
 * is timed, of a state that the application has at hand.
 *
 * @param url - of a Redis that has search, too
 */
export async function checkpointPeer(url: string): Promise<Peer> {
  const saver = await RedisSaver.fromUrl(url, { defaultTTL: ttlSeconds / 60 });
  const states = new Map<string, { readonly messages: SaidMessage[]; readonly parent: string }>();

  async function put(session: string, added: readonly SaidMessage[]): Promise<void> {
    const known = states.get(session);
    const messages = [...(known?.messages ?? []), ...added];
    const id = uuid6(-1);
    const version = messages.length;
    const checkpoint = {
      ...emptyCheckpoint(),
      id,
      channel_values: { messages },
      channel_versions: { messages: version },
    };
    const parent = known && { checkpoint_id: known.parent };
    await saver.put(
      { configurable: { thread_id: session, ...parent } },
      checkpoint,
      { source: 'loop', step: version, parents: {} },
      { messages: version },
    );
    states.set(session, { messages, parent: id });
  }

  return nodePeer({
    fill: put,
    append: put,
    all: async (session) => {
      const state = await saver.get({ configurable: { thread_id: session } });
      return listOf(state?.channel_values['messages'] ?? []);
    },
    contentOf: member('content'),
    close: () => saver.end(),
  });
}

function toLangChain({ role, content }: SaidMessage) {
  return role === 'user' ? new HumanMessage(content) : new AIMessage(content);
}
