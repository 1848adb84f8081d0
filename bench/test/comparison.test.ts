import { describe, expect, test } from '@jest/globals';

import { reasonOf } from '../../tools/reason.ts';
import { redisBinaries } from '../../tools/redis-server/redis-binaries.ts';
import { startRedisServer } from '../../tools/redis-server/index.ts';
import { testUnless } from '../../tools/test/test-unless.ts';
import { ServerMeter } from '../measure/server-meter.ts';
import { median, quantile } from '../measure/statistics.ts';
import type { Bench, Participant } from '../participants.ts';
import { connect, member } from '../peers/floors.ts';
import { messageAt, type SaidMessage } from '../peers/messages.ts';
import { nodePeer } from '../peers/node-peer.ts';
import { driver } from '../peers/ours.ts';
import type { Peer } from '../peers/peer.ts';
import { compare, type Workload } from '../workloads/operations.ts';

const noOwnServer = await redisBinaries().then(() => undefined, reasonOf);

type Client = Awaited<ReturnType<typeof connect>>;

const append: Workload = {
  name: 'append 2',
  operation: { kind: 'append', messages: 2 },
  length: 3,
  inFlight: 2,
  rounds: 2,
  times: 4,
  warmUps: 1,
};
const readAll: Workload = { ...append, name: 'all', operation: { kind: 'all', messages: 0 } };

/** Keeps what is said in this process; what is lost on the way is for a test to say. */
function peerThatKeeps(keep: (messages: readonly SaidMessage[]) => readonly SaidMessage[]): Peer {
  const kept = new Map<string, SaidMessage[]>();
  const of = (session: string) => kept.get(session) ?? [];
  return nodePeer({
    fill: async (session, messages) => kept.set(session, [...messages]),
    append: async (session, messages) => kept.set(session, [...of(session), ...keep(messages)]),
    all: async (session) => of(session),
    contentOf: member('content'),
  });
}

function participant(peer: Peer): Participant {
  return { name: 'peer', group: 'others', about: '', peer, meter: undefined };
}

/** Only what a comparison needs. */
function benchOf(clean: () => Promise<void>): Bench {
  let sessions = 0;
  const newSession = () => `bench-test-${process.pid}-${(sessions += 1)}-`;
  return { newSession, clean } as Bench;
}
const bench = benchOf(async () => {});

describe('A comparison', () => {
  test('times every operation of every conversation, and leaves out the warm-up', async () => {
    const [row] = await compare(
      bench,
      append,
      [participant(peerThatKeeps((all) => all))],
      new Map(),
    );
    expect(row).toMatchObject({ work: 'append 2', peer: 'peer', inFlight: 2, operations: 16 });
    expect(row?.commandUs).toBeNull();
  });

  test.each<[string, (messages: readonly SaidMessage[]) => readonly SaidMessage[]]>([
    ['loses a message', (messages) => messages.slice(1)],
    ['keeps one twice', (messages) => [...messages, ...messages.slice(-1)]],
    ['changes the order', (messages) => messages.toReversed()],
  ])('refuses a peer that %s', async (_what, keep) => {
    const losing = participant(peerThatKeeps(keep));
    await expect(compare(bench, append, [losing], new Map())).rejects.toThrow('has not kept');
  });

  test('refuses a peer that reads too little', async () => {
    const peer = { ...peerThatKeeps((all) => all) };
    const short = nodePeer({
      append: async () => {},
      all: async () => [{ role: 'user', content: 'less' }],
      contentOf: () => 'less',
    });
    const forgetful = participant({ ...peer, run: (work) => short.run(work) });
    await expect(compare(bench, readAll, [forgetful], new Map())).rejects.toThrow();
  });
});

describe('What a server says of itself', () => {
  // Nobody else is on it.
  const withServer = testUnless(noOwnServer);

  async function withClients(
    task: (client: Client, meter: ServerMeter) => Promise<void>,
  ): Promise<void> {
    const server = await startRedisServer();
    const [observer, client] = [await connect(server.url), await connect(server.url)];
    try {
      await task(client, new ServerMeter(observer));
    } finally {
      await Promise.all([observer.disconnect(), client.disconnect()]);
      await server.stop();
    }
  }

  withServer('is measured without what it takes to look', async () => {
    await withClients(async (client, meter) => {
      const { cost } = await meter.measure(() => client.set('key', 'x'.repeat(1000)));
      const sent = `*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1000\r\n${'x'.repeat(1000)}\r\n`;
      expect(cost.receivedBytes).toBe(sent.length);
      // What it says of itself may have some more digits than before.
      expect(Math.abs(cost.sentBytes - '+OK\r\n'.length)).toBeLessThan(20);
    });
  });

  withServer('counts what a script or a transaction runs once', async () => {
    await withClients(async (client, meter) => {
      const usecOf = async (...commands: string[]) => {
        const info = await client.info('commandstats');
        const usec = (command: string) =>
          Number(new RegExp(`cmdstat_${command}:calls=\\d+,usec=(\\d+)`).exec(info)?.[1] ?? 0);
        return commands.reduce((sum, command) => sum + usec(command), 0);
      };
      const store = driver(client);
      await store.create('session');
      const before = await usecOf('evalsha');
      const commit = { operationId: 'one', append: [messageAt(0)] };
      const script = await meter.measure(() => store.commit('session', commit));
      expect(await usecOf('json.get')).toBeGreaterThan(0);
      expect(script.cost.commandUs).toBe((await usecOf('evalsha')) - before);

      const multi = await meter.measure(() => client.multi().set('a', '1').get('a').exec());
      expect(multi.cost.commandUs).toBe(await usecOf('multi', 'exec'));
    });
  });
});

test('a quantile is a value that so many are not above', () => {
  const values = [5, 1, 4, 2, 3];
  expect(median(values)).toBe(3);
  expect(quantile(values, 0.99)).toBe(5);
  expect(quantile(values, 0)).toBe(1);
  expect(values).toEqual([5, 1, 4, 2, 3]);
  expect(median([])).toBeNaN();
});
