import { readFileSync } from 'node:fs';

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

  testWithOwnServer('for tokens is no more, and for a TTL one more', async () => {
    const append = messages(1).map((message) => ({ ...message, tokens: 3 }));
    const counting = () => conversationOf(lengths[0]).append(append);
    expect(await commandsOf(counting)).toEqual(commit);
    const ending = () => conversationOf(lengths[0], 60_000).append(messages(1));
    expect(await commandsOf(ending)).toEqual({ ...commit, PEXPIRE: 1 });
  });

  testWithOwnServer('C6 for each call is what the README says', async () => {
    for (const length of lengths) {
      const conversation = conversationOf(length);
      const kept = { operationId: `kept of ${length}` };
      const costs: Record<string, () => Promise<unknown>> = {
        create: () => conversation.create(),
        append: () => conversation.append(messages(1)),
        pop: () => conversation.pop(kept),
        'the same again': () => conversation.pop(kept),
        replaceTail: () => conversation.replaceTail(2, messages(3)),
        trackAgent: () => conversation.trackAgent(`Agent ${length}`),
        setState: () => conversation.setState({ title: 'Weather' }),
        'commit of usage': () => conversation.commit({ usage: { requests: 1 } }),
        read: () => conversation.read(),
        'read of the last': () => conversation.read({ last: 2 }),
        metadata: () => conversation.metadata(),
        state: () => conversation.state(['title']),
        clear: () => conversation.clear(),
        delete: () => conversation.delete(),
      };
      const counted: Record<string, number> = {};
      for (const [name, call] of Object.entries(costs)) {
        const commands = Object.entries(await commandsOf(call));
        counted[name] = commands.reduce(
          (sum, [command, calls]) => sum + (command.startsWith('JSON.') ? calls : 0),
          0,
        );
      }
      expect(counted).toEqual(statedCosts());
      await conversation.append(messages(length));
    }
  });

  testWithOwnServer(
    'for 10,000 messages is one script, which adds a thousand at once',
    async () => {
      const many = () => conversationOf(lengths[1]).append(messages(10_000));
      expect(await commandsOf(many)).toEqual({ ...commit, 'JSON.ARRAPPEND': 10 });
      const begun = () => conversationOf(1).append(messages(10_000));
      expect(await commandsOf(begun)).toEqual({
        ...commit,
        'JSON.SET': 1,
        'JSON.ARRAPPEND': 10,
      });
    },
  );

  testWithOwnServer('for a commit that is repeated is to look', async () => {
    const repeat = () => conversationOf(lengths[1]).append(messages(1), { operationId: 'one' });
    await repeat();
    expect(await commandsOf(repeat)).toEqual({ EVALSHA: 1, 'JSON.GET': 1 });
  });

  testWithOwnServer('for a read is one command, and two for a part of history', async () => {
    for (const length of lengths) {
      const conversation = conversationOf(length);
      const { mark } = await conversation.read({ last: 0 });
      for (const query of [{}, mark ? { since: mark } : {}]) {
        expect(await commandsOf(() => conversation.read(query))).toEqual({ 'JSON.GET': 1 });
      }
      const parts = [{ last: 50 }, { role: 'user' as const }, { before: 7, last: 3 }];
      for (const query of parts) {
        expect(await commandsOf(() => conversation.read(query))).toEqual({
          'JSON.GET': 1,
          'JSON.ARRLEN': 1,
        });
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

/** How many commands of RedisJSON each call takes, as the README says. */
function statedCosts(): Record<string, number> {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const rows = readme.matchAll(/^\| (?<calls>`[^|(]+`)[^|]* \| \d \| (?<commands>\d+)/gm);
  const costs = Array.from(rows).flatMap(({ groups = {} }) => {
    const calls = String(groups['calls']).replaceAll('`', '').split(', ');
    return calls.map((call) => [call, Number(groups['commands'])] as const);
  });
  return Object.fromEntries(costs);
}

function messages(count: number): NewMessage[] {
  const timestampMs = 1_795_472_460_645;
  return Array.from({ length: count }, () => ({ role: 'user', content, timestampMs }));
}
