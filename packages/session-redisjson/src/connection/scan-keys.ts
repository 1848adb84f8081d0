import { SessionError } from '@agent-sessions/session-core';

import { isCluster, isSentinel, type RedisJsonClient, type RunCommand } from './redis-client.ts';
import type { ServerMark } from './server-mark.ts';
import { type Ask, layoutOf, type SlotLayout } from './slot-layout.ts';

/** A key that is moved while a list is made is moved once, as a rule. */
const mostPasses = 3;
const mostRestarts = 10;

/**
 * Keys of JSON documents that begin with a prefix, on all servers that take commits, page by page; a
 * key may come twice. A cursor means something to one server process only, and a moving slot takes
 * its keys from a node that is to come to one that was: then it begins anew.
 *
 * @throws SessionError `unavailable` where the servers go on changing
 */
export async function* scanKeys(
  client: RedisJsonClient,
  keyPrefix: string,
  mark: ServerMark,
  ask: Ask,
): AsyncIterable<string[]> {
  let passes = 0;
  for (let restarts = 0; restarts <= mostRestarts; restarts += 1) {
    const before = await slotsOf(client, keyPrefix, ask);
    const isWhole = yield* scanServers(client, keyPrefix, mark, ask);
    if (!isWhole) continue;
    passes += 1;
    const after = await slotsOf(client, keyPrefix, ask);
    if (before.isStill && after.isStill && before.text === after.text) return;
    if (passes === mostPasses) return;
  }
  throw new SessionError(
    'unavailable',
    'The servers changed again and again while the sessions were listed, so that some may be missing. Repeat the call.',
    { retryable: true },
  );
}

/** The whole of it; answers false where a server has become another meanwhile. */
async function* scanServers(
  client: RedisJsonClient,
  keyPrefix: string,
  mark: ServerMark,
  ask: Ask,
): AsyncGenerator<string[], boolean> {
  const pattern = `${keyPrefix.replace(/[*?[\]\\]/g, '\\$&')}*`;
  for (const server of serversOf(client)) {
    const proof = await ask(async () => mark.leave(await server()));
    let cursor = '0';
    do {
      const from = cursor;
      const page = await ask(async () => {
        const run = await server();
        const command = ['SCAN', from, 'MATCH', pattern, 'COUNT', '500', 'TYPE', 'ReJSON-RL'];
        const answer = await run(command);
        return (await proof(run)) ? answer : undefined;
      });
      if (page === undefined) return false;
      if (!Array.isArray(page) || !Array.isArray(page[1])) {
        throw new TypeError('SCAN answered neither cursor nor keys.');
      }
      cursor = String(page[0]);
      yield page[1].map(String);
    } while (cursor !== '0');
  }
  return true;
}

/** How to send to each server that takes commits. */
function serversOf(client: RedisJsonClient): (() => Promise<RunCommand>)[] {
  if (isCluster(client)) {
    // Version 4 names a node once for each of its ranges of slots.
    return [...new Set(client.masters)].map((node) => async () => {
      const server = await client.nodeClient(node);
      return (args) => server.sendCommand(args);
    });
  }
  const run: RunCommand = isSentinel(client)
    ? (args) => client.sendCommand(false, args)
    : (args) => client.sendCommand(args);
  return [async () => run];
}

/** Where the keys are, so that it can be told whether some have moved. */
async function slotsOf(client: RedisJsonClient, keyPrefix: string, ask: Ask): Promise<SlotLayout> {
  return isCluster(client) ? layoutOf(client, keyPrefix, ask) : { isStill: true, text: '' };
}
