import { CachingSessionStore } from '@agent-sessions/session-cache';
import { Conversation, type NewMessage } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'redis';

import { startByteCountingProxy } from '../../session-redisjson/test/byte-counting-proxy.ts';
import { startCountingProxy } from '../../session-redisjson/test/counting-proxy.ts';
import { useTestRedis } from '../../session-redisjson/test/redis-for-tests.ts';

describe('Counted at the socket,', () => {
  const redis = useTestRedis();
  let bytes: Awaited<ReturnType<typeof startByteCountingProxy>>;
  let roundTrips: Awaited<ReturnType<typeof startCountingProxy>>;
  let client: ReturnType<typeof createClient>;

  beforeAll(async () => {
    roundTrips = await startCountingProxy(redis.url);
    bytes = await startByteCountingProxy(roundTrips.url);
    client = createClient({ url: bytes.url });
    client.on('error', () => {});
    await client.connect();
  });
  afterAll(async () => {
    await client.disconnect();
    await bytes.close();
    await roundTrips.close();
  });

  function newConversation(): Conversation {
    const store = new RedisJsonSessionStore(client, { onLongSession() {} });
    return new Conversation({
      store: new CachingSessionStore(store),
      sessionId: redis.newSessionId(),
    });
  }

  test.each([10, 10_000])(
    'a turn at %i messages is two round trips, and asks for what the turn before has added',
    async (length) => {
      const conversation = newConversation();
      await conversation.append(messages(length));
      expect(await conversation.messages()).toHaveLength(length);
      const turn = async () => {
        const { mark } = await conversation.read();
        await conversation.append(messages(2), { expect: mark });
      };
      await turn();
      expect(await roundTrips.count(turn)).toBe(2);
      const { received } = await bytes.count(turn);
      // The last message that was known, two new ones, and the answer to the commit.
      expect(received).toBeLessThan(3 * 700 + 1000);
      expect(await conversation.messages()).toHaveLength(length + 6);
    },
  );

  test('the first read is one round trip, and so is the next where nothing has happened', async () => {
    const conversation = newConversation();
    await conversation.append(messages(3));
    expect(await roundTrips.count(() => conversation.read())).toBe(1);
    expect(await roundTrips.count(() => conversation.read())).toBe(1);
  });

  test('a read of what did not only grow is two', async () => {
    const conversation = newConversation();
    await conversation.append(messages(3));
    await conversation.read();
    await conversation.pop();
    expect(await roundTrips.count(() => conversation.read())).toBe(2);
    expect(await roundTrips.count(() => conversation.read())).toBe(1);
  });
});

function messages(count: number): NewMessage[] {
  const content = 'x'.repeat(500);
  return Array.from({ length: count }, () => ({ role: 'user', content }));
}
