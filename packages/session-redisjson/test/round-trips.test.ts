import { Conversation, type NewMessage } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'redis';

import { redisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { reasonOf } from '../../../tools/reason.ts';
import { startRedisServer } from '../../../tools/redis-server/index.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { useTestRedis } from './redis-for-tests.ts';

const noOwnServer = await redisBinaries().then(() => undefined, reasonOf);

describe('Counted at the socket, one round trip is', () => {
  const redis = useTestRedis();
  let proxy: CountingProxy;
  let client: ReturnType<typeof createClient>;
  let conversation: Conversation;

  beforeAll(async () => {
    proxy = await startCountingProxy(redis.url);
    client = await connect(proxy.url);
    conversation = conversationOn(client);
    // The server learns the scripts, and keeps them until it ends.
    await conversation.append(messages(3));
    await conversationOn(client).delete();
  });
  afterAll(async () => {
    await client.disconnect();
    await proxy.close();
  });

  const conversationOn = (through: ReturnType<typeof createClient>) =>
    new Conversation({
      store: new RedisJsonSessionStore(through, { onLongSession() {} }),
      sessionId: redis.newSessionId(),
    });

  test.each([1, 10, 1000, 10_000])('an append of %i messages', async (count) => {
    expect(await proxy.count(() => conversation.append(messages(count)))).toBe(1);
  });

  test('the creation of a session, and a commit that creates one', async () => {
    const created = conversationOn(client);
    expect(await proxy.count(() => created.create())).toBe(1);
    const begun = conversationOn(client);
    expect(await proxy.count(() => begun.append(messages(10)))).toBe(1);
  });

  test('a commit that expects a mark, and one that is refused', async () => {
    const { mark } = await conversation.read();
    const commit = () => conversation.append(messages(2), { expect: mark });
    expect(await proxy.count(commit)).toBe(1);
    expect(await proxy.count(() => expect(commit()).rejects.toThrow('moved on'))).toBe(1);
  });

  test('a commit that is repeated', async () => {
    const commit = () => conversation.append(messages(2), { operationId: 'repeated' });
    await commit();
    expect(await proxy.count(commit)).toBe(1);
  });

  test('a change of the agent, of values, of the usage, and what drops without looking', async () => {
    const dropUnreadable = true;
    for (const change of [
      () => conversation.trackAgent('Triage'),
      () => conversation.setState({ title: 'Weather' }),
      () => conversation.commit({ usage: { requests: 1 } }),
      () => conversation.commit({ drop: 1, append: messages(2), dropUnreadable }),
    ]) {
      expect(await proxy.count(change)).toBe(1);
    }
  });

  test('a read: of all, of the last, of a page before, of a role, of none', async () => {
    expect(await proxy.count(() => conversation.read({ before: 5, last: 2 }))).toBe(1);
    expect(await proxy.count(() => conversation.read())).toBe(1);
    expect(await proxy.count(() => conversation.read({ last: 50 }))).toBe(1);
    expect(await proxy.count(() => conversation.read({ last: 2, role: 'user' }))).toBe(1);
    expect(await proxy.count(() => conversationOn(client).read())).toBe(1);
  });

  test('a read of what was added since a mark', async () => {
    const { mark } = await conversation.read();
    if (mark === null) throw new Error('The session is gone.');
    await conversation.append(messages(2));
    const read = async () => {
      const { continues, messages: added } = await conversation.read({ since: mark });
      expect([continues, added.length]).toEqual([true, 2]);
    };
    expect(await proxy.count(read)).toBe(1);
  });

  test('metadata, and named values', async () => {
    expect(await proxy.count(() => conversation.metadata())).toBe(1);
    expect(await proxy.count(() => conversation.state())).toBe(1);
    expect(await proxy.count(() => conversation.state(['title', 'run']))).toBe(1);
  });

  test('a clear, and a deletion', async () => {
    expect(await proxy.count(() => conversation.clear())).toBe(1);
    expect(await proxy.count(() => conversation.delete())).toBe(1);
  });

  test('not what drops messages that it has to look at first: that is two', async () => {
    await conversation.append(messages(5));
    expect(await proxy.count(() => conversation.pop())).toBe(2);
    expect(await proxy.count(() => conversation.replaceTail(2, messages(3)))).toBe(2);
    await conversation.pop({ operationId: 'popped' });
    expect(await proxy.count(() => conversation.pop({ operationId: 'popped' }))).toBe(1);
  });

  test('not a read since a mark that holds no longer: that is two', async () => {
    const { mark } = await conversation.append(messages(3));
    if (mark === null) throw new Error('The session is gone.');
    await conversation.replaceTail(1, messages(1));
    expect(await proxy.count(() => conversation.read({ since: mark }))).toBe(2);
  });
});

describe('On a server that has not seen the script', () => {
  testUnless(noOwnServer)(
    'the first commit takes two round trips, and every later one takes one',
    async () => {
      const server = await startRedisServer();
      const proxy = await startCountingProxy(server.url);
      const client = await connect(proxy.url);
      const conversation = new Conversation({ store: new RedisJsonSessionStore(client) });
      expect(await proxy.count(() => conversation.append(messages(1)))).toBe(2);
      expect(await proxy.count(() => conversation.append(messages(1)))).toBe(1);
      await client.disconnect();
      await proxy.close();
      await server.stop();
    },
  );
});

async function connect(url: string): Promise<ReturnType<typeof createClient>> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

function messages(count: number): NewMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `Message ${index} of ${count}, long enough to be one: ${'word '.repeat(40)}`,
    tokens: 40,
  }));
}
