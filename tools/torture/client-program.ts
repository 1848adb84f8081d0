// One of the processes that commit while everything around them is killed, and they as well. Its
// journal says where it was; who started it says how far it may go.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import type { SessionStore } from '@agent-sessions/session-core';
import { openSessionStore, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { createClient, createSentinel } from 'redis5';
import { runClient } from './client.ts';
import { Journal } from './journal.ts';
import { followMaster } from './follow-master.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    client: { type: 'string', default: '0' },
    journal: { type: 'string', default: '' },
    url: { type: 'string', default: '' },
    /** Instead of the URL: the ports of the sentinels, and the name of the master. */
    sentinels: { type: 'string', default: '' },
    master: { type: 'string', default: '' },
    /** How many replicas have to confirm a commit. */
    confirm: { type: 'string', default: '0' },
  },
});
const client = Number(values.client);
const sentinelPorts = values.sentinels.split(',').filter(Boolean).map(Number);
const deadlineMs = 1000;

/** How many acknowledged commits it may come to, and whether that is all. */
export interface Grant {
  readonly upTo: number;
  readonly isLast: boolean;
}

let grant: Grant = { upTo: 0, isLast: false };
process.on('message', (message: Grant) => (grant = message));
// Who started it has ended.
process.on('disconnect', () => process.exit(1));

const journal = new Journal(values.journal);
const store = await openStore();
await runClient({
  seed: Number(values.seed),
  client,
  journal,
  store,
  async mayGoOn(acknowledged) {
    while (acknowledged >= grant.upTo && !grant.isLast) await sleep(5);
    return acknowledged < grant.upTo;
  },
  onAcknowledged: (count) => void process.send?.(count),
});
// Sockets that wait to be connected again would keep it running.
process.exit(0);

async function openStore(): Promise<Pick<SessionStore, 'commit' | 'read'>> {
  const [port] = sentinelPorts;
  if (port !== undefined) {
    const replicas = Number(values.confirm);
    if (replicas > 0) {
      const confirm = { replicas, timeoutMs: 300 };
      return followMaster({ port, name: values.master }, { deadlineMs, confirm });
    }
    const sentinelRootNodes = sentinelPorts.map((each) => ({ host: '127.0.0.1', port: each }));
    return patiently(async () => {
      const sentinel = createSentinel({ name: values.master, sentinelRootNodes });
      sentinel.on('error', () => {});
      await sentinel.connect();
      return new RedisJsonSessionStore(sentinel, { deadlineMs });
    });
  }
  // Both ways to have a connection take part.
  if (client % 2 === 0) return patiently(() => openSessionStore(values.url, { deadlineMs }));
  const redis = createClient({ url: values.url, socket: { reconnectStrategy: 20 } });
  redis.on('error', () => {});
  await redis.connect();
  return new RedisJsonSessionStore(redis, { deadlineMs });
}

/** The server may be down just now. */
async function patiently<Opened>(open: () => Promise<Opened>): Promise<Opened> {
  for (;;) {
    try {
      return await open();
    } catch {
      await sleep(50);
    }
  }
}
