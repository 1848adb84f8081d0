import { Conversation, type NewMessage } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { createClient } from 'redis';

import { reasonOf } from '../../../tools/reason.ts';
import { startRedisServer } from '../../../tools/redis-server/index.ts';
import type { RedisServer } from '../../../tools/redis-server/launch-server.ts';
import { redisBinaries } from '../../../tools/redis-server/redis-binaries.ts';
import { jsonVersionNamed } from '../../../tools/redis-server/stack-wheel.ts';
import { testUnless } from '../../../tools/test/test-unless.ts';
import { startByteCountingProxy } from './byte-counting-proxy.ts';

// A server of its own: nobody else's commands are counted.
const version = jsonVersionNamed(process.env['AGENT_SESSIONS_REDISJSON']);
const noOwnServer = await redisBinaries({ version }).then(() => undefined, reasonOf);
const testWithOwnServer = testUnless(noOwnServer);

/** Both must cost the same. */
const lengths = [10, 10_000] as const;
const content = 'x'.repeat(500);

describe('What Redis has to do', () => {
  let server: RedisServer;
  let client: ReturnType<typeof createClient>;
  let proxy: Awaited<ReturnType<typeof startByteCountingProxy>>;
  beforeAll(async () => {
    if (noOwnServer !== undefined) return;
    server = await startRedisServer({ version });
    proxy = await startByteCountingProxy(server.url);
    client = createClient({ url: proxy.url });
    client.on('error', () => {});
    await client.connect();
    for (const length of lengths) await conversationOf(length).append(messages(length));
  });
  afterAll(async () => {
    if (noOwnServer !== undefined) return;
    await client.disconnect();
    await proxy.close();
    await server.stop();
  });

  function conversationOf(length: number, ttlMs?: number): Conversation {
    const store = new RedisJsonSessionStore(client, { onLongSession() {} });
    return new Conversation({ store, sessionId: `of ${length}`, ttlMs });
  }

  /** How often each command was called, those of scripts among them. */
  async function commandsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
    await client.sendCommand(['CONFIG', 'RESETSTAT']);
    await work();
    const stats = await client.info('commandstats');
    const calls = Array.from(stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)).map(
      ([, name, count]) => [String(name).toUpperCase(), Number(count)] as const,
    );
    return Object.fromEntries(calls.filter(([name]) => !/CONFIG|INFO/.test(name)));
  }

  const commit = { EVALSHA: 1, 'JSON.GET': 1, 'JSON.ARRAPPEND': 1, 'JSON.MERGE': 1 };

  testWithOwnServer('for a commit is a script of three commands, whatever the length', async () => {
    for (const length of lengths) {
      const conversation = conversationOf(length);
      expect(await commandsOf(() => conversation.append(messages(1)))).toEqual(commit);
      expect(await commandsOf(() => conversation.append(messages(1000)))).toEqual(commit);
      const { mark } = await conversation.read({ last: 0 });
      const epoch = String(mark?.epoch);
      const expecting = () => conversation.append(messages(1), { expect: { epoch } });
      expect(await commandsOf(expecting)).toEqual(commit);
    }
  });

  testWithOwnServer('for tokens and for a TTL is one more each', async () => {
    const append = messages(1).map((message) => ({ ...message, tokens: 3 }));
    const counting = () => conversationOf(lengths[0]).append(append);
    expect(await commandsOf(counting)).toEqual({ ...commit, 'JSON.NUMINCRBY': 1 });
    const ending = () => conversationOf(lengths[0], 60_000).append(messages(1));
    expect(await commandsOf(ending)).toEqual({ ...commit, PEXPIRE: 1 });
  });

  testWithOwnServer(
    'for 10,000 messages is one script, which adds a thousand at once',
    async () => {
      const many = () => conversationOf(lengths[1]).append(messages(10_000));
      expect(await commandsOf(many)).toEqual({ ...commit, 'JSON.ARRAPPEND': 10 });
      const begun = () => conversationOf(1).append(messages(10_000));
      expect(await commandsOf(begun)).toEqual({ EVALSHA: 1, 'JSON.GET': 1, 'JSON.SET': 1 });
    },
  );

  testWithOwnServer('for a commit that is repeated is to look', async () => {
    const repeat = () => conversationOf(lengths[1]).append(messages(1), { operationId: 'one' });
    await repeat();
    expect(await commandsOf(repeat)).toEqual({ EVALSHA: 1, 'JSON.GET': 1 });
  });

  testWithOwnServer('for a read, and for metadata, is one command', async () => {
    for (const length of lengths) {
      const conversation = conversationOf(length);
      const { mark } = await conversation.read({ last: 0 });
      const reads = [{}, { last: 50 }, { role: 'user' as const }, mark ? { since: mark } : {}];
      for (const query of reads) {
        expect(await commandsOf(() => conversation.read(query))).toEqual({ 'JSON.GET': 1 });
      }
      expect(await commandsOf(() => conversation.metadata())).toEqual({ 'JSON.GET': 1 });
    }
  });

  testWithOwnServer(
    'is asked for in few bytes beside what is said, whatever the length',
    async () => {
      const traffic = [];
      for (const length of lengths) {
        traffic.push(await proxy.count(() => conversationOf(length).append(messages(1))));
      }
      for (const { sent, received } of traffic) {
        expect(sent).toBeLessThan(content.length + 600);
        expect(received).toBeLessThan(200);
      }
      const [small, big] = traffic;
      // Numbers with more digits are all the difference.
      expect(Math.abs(Number(big?.sent) - Number(small?.sent))).toBeLessThanOrEqual(10);
      expect(Math.abs(Number(big?.received) - Number(small?.received))).toBeLessThanOrEqual(10);
    },
  );
});

function messages(count: number): NewMessage[] {
  const timestampMs = 1_795_472_460_645;
  return Array.from({ length: count }, () => ({ role: 'user', content, timestampMs }));
}
