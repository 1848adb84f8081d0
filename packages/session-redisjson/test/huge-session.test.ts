import { Conversation } from '@agent-sessions/session-core';
import { openSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { createClient } from 'redis';

import { reasonOf } from '../../../tools/reason.ts';
import { startRedisServer } from '../../../tools/redis-server/index.ts';
import type { RedisServer } from '../../../tools/redis-server/launch-server.ts';
import { redisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { jsonVersionNamed } from '../../../tools/redis-server/stack-wheel.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { startByteCountingProxy, type Traffic } from './byte-counting-proxy.ts';

// A server of its own: deleting what is here would hold up the other tests.
const version = jsonVersionNamed(process.env['AGENT_SESSIONS_REDISJSON']);
const noOwnServer = await redisBinaries({ version }).then(() => undefined, reasonOf);
const testWithOwnServer = testUnless(noOwnServer);

const sizes = [1000, 20_000] as const;
/** 20,000 messages of this make 50 MB. */
const content = 'Everything there is to know about it. '.repeat(66);
const tokens = 600;

describe('Fsize a session of 20,000 messages and 50 MB', () => {
  let server: RedisServer | undefined;
  let proxy: Awaited<ReturnType<typeof startByteCountingProxy>>;
  let store: Awaited<ReturnType<typeof openSessionStore>>;
  beforeAll(async () => {
    if (noOwnServer !== undefined) return;
    server = await startRedisServer({ version });
    proxy = await startByteCountingProxy(server.url);
    store = await openSessionStore(proxy.url, { deadlineMs: 60_000 });
    for (const size of sizes) await fill(conversationOf(size), size);
  });
  afterAll(async () => {
    await store?.close();
    await proxy?.close();
    await server?.stop();
  });

  const conversationOf = (size: number) => new Conversation({ store, sessionId: `of ${size}` });

  /** What the same call puts on the wire for the small session and for the big one. */
  async function onTheWire(call: (conversation: Conversation) => Promise<unknown>) {
    const [small, big]: Traffic[] = [
      await proxy.count(() => call(conversationOf(sizes[0]))),
      await proxy.count(() => call(conversationOf(sizes[1]))),
    ];
    if (small === undefined || big === undefined) throw new TypeError('There are two.');
    return { small, big };
  }

  /** A number with more digits is all the difference that size may make. */
  const fewDigits = 40;
  function expectFlat(what: string, { small, big }: Awaited<ReturnType<typeof onTheWire>>): void {
    console.log(`${what}: ${small.received} bytes of 1,000 messages, ${big.received} of 20,000`);
    expect(Math.abs(big.received - small.received)).toBeLessThanOrEqual(fewDigits);
    expect(Math.abs(big.sent - small.sent)).toBeLessThanOrEqual(fewDigits);
  }

  testWithOwnServer('is there, as a whole', async () => {
    const conversation = conversationOf(sizes[1]);
    expect(await conversation.load()).toMatchObject({
      messageCount: sizes[1],
      totalTokens: sizes[1] * tokens,
    });
    const { received } = await proxy.count(async () => {
      const messages = await conversation.messages();
      expect(messages).toHaveLength(sizes[1]);
      expect(messages.every((message) => message.content === content)).toBe(true);
      expect(messages.map(({ id }) => id)).toEqual(messages.map((_, index) => idOf(index)));
    });
    expect(received).toBeGreaterThan(50e6);
  });

  testWithOwnServer('the read of its tail stays flat', async () => {
    for (const last of [1, 50]) {
      const traffic = await onTheWire(async (conversation) => {
        expect(await conversation.messages({ last })).toHaveLength(last);
      });
      expect(traffic.big.received).toBeLessThan(last * (content.length + 200) + 1000);
      expectFlat(`The last ${last}`, traffic);
    }
  });

  testWithOwnServer('metadata does not load messages', async () => {
    const traffic = await onTheWire((conversation) => conversation.load());
    expect(traffic.big.received).toBeLessThan(1000);
    expectFlat('Metadata', traffic);
  });

  testWithOwnServer('adding, dropping and reading what is new stay flat', async () => {
    const traffic = await onTheWire(async (conversation) => {
      const { mark } = await conversation.read({ last: 0 });
      await conversation.append([{ role: 'user', content: 'one more', id: 'more' }]);
      const since = await conversation.read(mark ? { since: mark } : {});
      expect(since).toMatchObject({ continues: true, messages: [{ content: 'one more' }] });
      expect(await conversation.pop()).toMatchObject({ id: 'more' });
    });
    expect(traffic.big.received).toBeLessThan(2 * content.length + 3000);
    expectFlat('One more, read and popped', traffic);
  });

  testWithOwnServer(
    'its deletion holds up the other sessions, and says here for how long',
    async () => {
      const others = createClient({ url: String(server?.url) });
      await others.connect();
      const work = { isGoingOn: true };
      let longestMs = 0;
      let asked = 0;
      const deleting = conversationOf(sizes[1])
        .delete()
        .finally(() => (work.isGoingOn = false));
      do {
        const before = performance.now();
        await others.ping();
        longestMs = Math.max(longestMs, performance.now() - before);
        asked += 1;
      } while (work.isGoingOn);
      expect(await deleting).toBe(true);
      await others.quit();
      console.log(
        `While 20,000 messages were deleted, another client asked ${asked} times and waited ${longestMs.toFixed(1)} ms at the longest`,
      );
      expect(await conversationOf(sizes[1]).metadata()).toBeUndefined();
      expect(await conversationOf(sizes[0]).load()).toMatchObject({ messageCount: sizes[0] });
    },
  );
});

/** All of the same length. */
function idOf(index: number): string {
  return `m${String(index).padStart(5, '0')}`;
}

async function fill(conversation: Conversation, size: number): Promise<void> {
  for (let first = 0; first < size; first += 1000) {
    await conversation.append(
      Array.from({ length: 1000 }, (_, index) => ({
        role: 'user',
        content,
        tokens,
        id: idOf(first + index),
        // Of as many digits as any other.
        timestampMs: 1_795_472_460_645,
      })),
    );
  }
}
