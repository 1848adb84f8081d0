import { randomBytes, randomUUID } from 'node:crypto';

import {
  checkCommit,
  Conversation,
  type ConversationOptions,
  type Message,
  newOperationId,
} from '@agent-sessions/session-core';
import { EncryptedSessionStore } from '@agent-sessions/session-encryption';

import { commitRequest } from '../../packages/session-redisjson/src/scripts/commit-request.ts';
import { commitScript } from '../../packages/session-redisjson/src/scripts/commit.lua.ts';
import {
  beginCall,
  callRedis,
} from '../../packages/session-redisjson/src/connection/redis-call.ts';
import { encodeMessage } from '../../packages/session-redisjson/src/document/stored-message.ts';
import type { Bench } from '../participants.ts';
import { median } from '../measure/statistics.ts';
import type { ServerCost } from '../measure/server-meter.ts';
import { ping } from '../peers/catalogue.ts';
import { recordOf } from '../peers/floors.ts';
import { messageAt, ttlSeconds } from '../peers/messages.ts';
import { driver } from '../peers/ours.ts';
import type { Figure } from '../report/results.ts';

type Client = Bench['client'];

/** The part of a commit that no client can make quicker. */
const script = 'the script of a commit, with arguments made beforehand';

/** What commits are measured by: one with an operation id, and the one command that it cannot do without. */
export const commit = 'a commit';
export const bareAppend = 'bare JSON.ARRAPPEND of the same record';

/** What a commit would cost without what it promises, one promise after the other. */
export async function measureGuarantees(
  bench: Bench,
  { rounds, times }: { readonly rounds: number; readonly times: number },
): Promise<Figure[]> {
  return [...(await measureCommits(bench, rounds, times)), ...(await measureClient())];
}

async function measureCommits(bench: Bench, rounds: number, times: number) {
  const { client } = bench;
  const store = driver(client);
  const keys = { keys: { k: randomBytes(32) }, currentKeyId: 'k' };
  const encrypted = new EncryptedSessionStore(driver(client), keys);
  const open = async (options: Partial<ConversationOptions> = {}) => {
    const conversation = new Conversation({ store, sessionId: bench.newSession(), ...options });
    await conversation.create();
    return conversation;
  };
  const [plain, expecting, hidden] = [await open(), await open(), await open({ store: encrypted })];
  const [counting, repeating] = [await open({ ttlMs: ttlSeconds * 1000 }), await open()];
  const bare = bench.newSession();
  await client.json.set(bare, '$', {
    updated_at: 0,
    metadata: { message_count: 0 },
    messages: [],
    agent_sessions: { revision: 0 },
    agent_sessions_operations: { a: {} },
  });
  const { role, content, tokens } = messageAt(1);
  const message = { role, content };
  const record = { ...recordOf(messageAt(1)), tokens: null };
  const operationId = newOperationId();
  await repeating.append([message], { operationId });
  let { mark } = await expecting.read();

  const scripts = await withAndWithoutOperations(client, bare);
  const calls: Record<string, () => Promise<unknown>> = {
    [commit]: () => plain.append([message]),
    'a commit with tokens and a TTL': () => counting.append([{ ...message, tokens }]),
    'a commit that expects a mark': async () => {
      ({ mark } = await expecting.append([message], { expect: mark }));
    },
    'a commit that is repeated': () => repeating.append([message], { operationId }),
    'a commit, encrypted': () => hidden.append([message]),
    [bareAppend]: () => client.json.arrAppend(bare, '$.messages', record),
    [ping]: () => client.ping(),
    [script]: await scriptOfCommit(client, bare),
    'the same writes in MULTI, without looking, remembering or answering for them': () =>
      client
        .multi()
        .json.arrAppend(bare, '$.messages', record)
        .json.merge(bare, '$', { updated_at: Date.now() / 1000, metadata: { message_count: 1 } })
        .exec(),
    'a script that looks and writes, with an operation id': scripts.withOperations,
    'a script that looks and writes, without one': scripts.withoutOperations,
  };
  const names = Object.keys(calls);
  const tallies = names.map(() => ({ ms: [] as number[], costs: [] as ServerCost[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, name] of names.entries()) {
      const { cost } = await bench.meter.measure(async () => {
        for (let time = 0; time < times; time += 1) {
          const start = performance.now();
          await calls[name]?.();
          tallies[index]?.ms.push(performance.now() - start);
        }
      });
      tallies[index]?.costs.push(cost);
    }
  }
  await bench.clean();
  return names.flatMap((name, index): Figure[] => [
    { what: `${name}: p50`, value: 1000 * median(tallies[index]?.ms ?? []), unit: 'µs' },
    {
      what: `${name}: server`,
      value: median((tallies[index]?.costs ?? []).map(({ commandUs }) => commandUs / times)),
      unit: 'µs',
    },
  ]);
}

/** What is left of a commit when the client does nothing: the way there and back, and the server. */
async function scriptOfCommit(client: Client, other: string): Promise<() => Promise<unknown>> {
  const sessionId = `${other}script`;
  const sha1 = await client.scriptLoad(commitScript.text);
  const { role, content } = messageAt(1);
  const init = checkCommit({ operationId: 'made beforehand', append: [{ role, content }] });
  const [, ...args] = commitRequest(sessionId, init, undefined).args();
  return () => {
    const operation = randomUUID().slice(0, 22);
    return client.evalSha(sha1, { keys: [sessionId], arguments: [operation, ...args] });
  };
}

/** Two small scripts that differ in nothing but that one knows operations: its price on the server. */
async function withAndWithoutOperations(client: Client, key: string) {
  const load = (text: string) => client.scriptLoad(text);
  const without = await load(`
    redis.call('JSON.GET', KEYS[1], '$.session_id', '$.agent_sessions')
    redis.call('JSON.MERGE', KEYS[1], '$', '{"agent_sessions":{"revision":1}}')`);
  const remembering = await load(`
    redis.call('JSON.GET', KEYS[1], '$.session_id', '$.agent_sessions', '$.agent_sessions_operations.*.' .. ARGV[1])
    redis.call('JSON.MERGE', KEYS[1], '$', '{"agent_sessions":{"revision":1},"agent_sessions_operations":{"a":{"' .. ARGV[1]
      .. '":"' .. ARGV[2] .. '"}}}')`);
  const run = (sha1: string) => () => {
    const member = `o${randomUUID().replaceAll('-', '')}`;
    return client.evalSha(sha1, {
      keys: [key],
      arguments: [member, 'LIpSOrYYsX5r2khC-nhdC4 0 1 0 []'],
    });
  };
  return { withOperations: run(remembering), withoutOperations: run(without) };
}

/** What the client does for each message and each call, without a server. */
async function measureClient(): Promise<Figure[]> {
  const message: Message = { ...messageAt(1), id: 'm', timestampMs: 0, agent: null };
  const call = () => ({ ...beginCall(5000), repeatable: true, writes: true });
  const answer = async () => {};
  return [
    await perCall('a message as JSON text', async () => JSON.stringify(message)),
    await perCall('the same, checked that RedisJSON keeps it exactly', async () =>
      encodeMessage(message),
    ),
    await perCall('a call', answer),
    await perCall('the same with a deadline and repetition', () => callRedis(answer, call())),
  ];
}

async function perCall(what: string, call: () => Promise<unknown>): Promise<Figure> {
  const batches = [];
  for (let batch = 0; batch < 20; batch += 1) {
    const start = performance.now();
    for (let count = 0; count < 2000; count += 1) await call();
    batches.push((1000 * (performance.now() - start)) / 2000);
  }
  // The first ones are for the compiler.
  return { what: `${what}: client`, value: median(batches.slice(5)), unit: 'µs' };
}
