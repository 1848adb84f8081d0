import assert from 'node:assert/strict';

import { AgentsSession } from '@agent-sessions/agents-adapter';
import { CachingSessionStore } from '@agent-sessions/session-cache';
import type { SessionStore } from '@agent-sessions/session-core';
import { Agent, MemorySession, Runner, Usage } from '@openai/agents-core';
import type { AgentInputItem, Model, Session } from '@openai/agents-core';

import type { Bench } from '../participants.ts';
import type { ServerCost, ServerMeter } from '../measure/server-meter.ts';
import { median, sum } from '../measure/statistics.ts';
import { listOf, parse } from '../peers/floors.ts';
import { messagesOf, ttlSeconds } from '../peers/messages.ts';
import { driver } from '../peers/ours.ts';
import { asItem, itemOf, minimalSession } from '../peers/sdk.ts';
import type { TurnRow } from '../report/results.ts';

/** A session of the SDK to run turns on. */
interface TurnPeer {
  readonly name: string;
  readonly hasServer: boolean;
  open(sessionId: string): Session;
}

/** The floor of a turn: what the SDK itself takes, on a session that does nothing. */
const sdkAlone = 'the SDK alone';
export const cachedSession = 'AgentsSession, cached';

/** What one peer has come to at one length. */
interface Tally {
  readonly peer: TurnPeer;
  readonly session: TimedSession;
  readonly turns: TurnTime[];
  readonly costs: ServerCost[];
}

/** One turn is one run: the SDK reads all, asks the model, and adds what was said. */
export async function measureTurns(
  bench: Bench,
  { lengths, turnsAt }: { readonly lengths: readonly number[]; turnsAt(length: number): number },
): Promise<TurnRow[]> {
  const rows: TurnRow[] = [];
  const peers = peersOn(bench);
  for (const length of lengths) {
    const items = messagesOf(0, length).map(itemOf);
    const tallies: Tally[] = [];
    for (const peer of peers) tallies.push(await begin(bench, peer, items));
    for (let round = 0; round < turnsAt(length); round += 1) {
      for (const { session, turns } of tallies) turns.push(await session.timed(turn));
      // Turns of their own: to ask the server takes time, and what it does meanwhile is not theirs.
      for (const { peer, session, costs } of tallies) {
        if (peer.hasServer) costs.push(await session.metered(bench.meter, turn));
      }
    }
    for (const tally of tallies) {
      await check(tally, items);
      rows.push(rowOf(tally, length));
    }
    await bench.clean();
  }
  return rows;
}

async function begin(bench: Bench, peer: TurnPeer, items: AgentInputItem[]): Promise<Tally> {
  const session = new TimedSession(peer.open(bench.newSession()));
  for (let from = 0; from < items.length; from += 1000) {
    await session.addItems(items.slice(from, from + 1000));
  }
  // As in a conversation that goes on: what can be known of it is known.
  await turn(session);
  return { peer, session, turns: [], costs: [] };
}

async function check(
  { peer, session, turns, costs }: Tally,
  items: readonly AgentInputItem[],
): Promise<void> {
  const stored = await session.getItems();
  assert.equal(stored.length, items.length + 2 * (turns.length + costs.length + 1), peer.name);
  assert.deepEqual(stored.slice(0, items.length), items, peer.name);
}

function rowOf({ peer, turns, costs }: Tally, length: number): TurnRow {
  const ofServer = (of: keyof ServerCost) =>
    peer.hasServer ? median(costs.map((cost) => cost[of])) : null;
  return {
    peer: peer.name,
    length,
    turns: turns.length,
    p50Us: 1000 * median(turns.map(({ turnMs }) => turnMs)),
    sessionP50Us: 1000 * median(turns.map(({ sessionMs }) => sessionMs)),
    serverUs: ofServer('commandUs'),
    receivedBytes: ofServer('sentBytes'),
  };
}

function peersOn(bench: Bench): TurnPeer[] {
  const { client } = bench;
  const ours = (name: string, store: SessionStore, hasServer = true): TurnPeer => ({
    name,
    hasServer,
    open: (sessionId) => new AgentsSession({ store, sessionId, ttlMs: ttlSeconds * 1000 }),
  });
  return [
    { name: sdkAlone, hasServer: false, open: sharedSession },
    {
      name: 'MemorySession (SDK)',
      hasServer: false,
      open: (sessionId) => new MemorySession({ sessionId }),
    },
    ours(cachedSession, new CachingSessionStore(driver(client))),
    ours('AgentsSession', driver(client)),
    ours('AgentsSession, SQLite example', bench.sqlite(), false),
    { name: 'RPUSH, LRANGE + parse', hasServer: true, open: (id) => listSession(client, id) },
    {
      name: 'GET, SET of one string',
      hasServer: true,
      open: (id) => stringSession(client, id),
    },
  ];
}

const runner = new Runner({ tracingDisabled: true });

/** A model that answers at once, and keeps nothing of what it was asked. */
const model: Model = {
  async getResponse() {
    return {
      usage: new Usage(),
      output: [
        {
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'So it is.' }],
        },
      ],
    };
  },
  async *getStreamedResponse() {},
};

async function turn(session: Session): Promise<void> {
  await runner.run(new Agent({ name: 'Desk', model }), 'Is it so?', { session });
}

/** How long a turn took, and the calls of its session in it. */
interface TurnTime {
  readonly turnMs: number;
  readonly sessionMs: number;
}

type Turn = (session: Session) => Promise<void>;

/** Knows how long its calls took, or what they cost the server. */
class TimedSession implements Session {
  readonly #session: Session;
  #sessionMs = 0;
  #meter: ServerMeter | undefined;
  #costs: ServerCost[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  async timed(run: Turn): Promise<TurnTime> {
    this.#sessionMs = 0;
    const start = performance.now();
    await run(this);
    return { turnMs: performance.now() - start, sessionMs: this.#sessionMs };
  }

  /** What the calls of a turn cost together: each is measured, since those of a script are counted twice. */
  async metered(meter: ServerMeter, run: Turn): Promise<ServerCost> {
    this.#meter = meter;
    this.#costs = [];
    await run(this);
    this.#meter = undefined;
    const total = (of: keyof ServerCost) => sum(this.#costs.map((cost) => cost[of]));
    return {
      commandUs: total('commandUs'),
      cpuUs: total('cpuUs'),
      receivedBytes: total('receivedBytes'),
      sentBytes: total('sentBytes'),
    };
  }

  getSessionId(): Promise<string> {
    return this.#session.getSessionId();
  }
  getItems(limit?: number): Promise<AgentInputItem[]> {
    return this.#measured(() => this.#session.getItems(limit));
  }
  addItems(items: AgentInputItem[]): Promise<void> {
    return this.#measured(() => this.#session.addItems(items));
  }
  popItem(): Promise<AgentInputItem | undefined> {
    return this.#measured(() => this.#session.popItem());
  }
  clearSession(): Promise<void> {
    return this.#measured(() => this.#session.clearSession());
  }

  async #measured<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#meter) {
      const { result, cost } = await this.#meter.measure(call);
      this.#costs.push(cost);
      return result;
    }
    const start = performance.now();
    const result = await call();
    this.#sessionMs += performance.now() - start;
    return result;
  }
}

/** Hands out what it has, without a copy: nothing can be quicker, and nobody may do so. */
function sharedSession(id: string): Session {
  const stored: AgentInputItem[] = [];
  return minimalSession(
    id,
    async () => stored.slice(),
    async (items) => stored.push(...items),
  );
}

type Client = Bench['client'];

/** The two lines of a session on a list: no transaction, no check, no other writer. */
function listSession(client: Client, key: string): Session {
  return minimalSession(
    key,
    async () => (await client.lRange(key, 0, -1)).map((text) => asItem(parse(text))),
    (items) =>
      client.rPush(
        key,
        items.map((item) => JSON.stringify(item)),
      ),
  );
}

/** The two lines of a session in a string. */
function stringSession(client: Client, key: string): Session {
  const getItems = async () => listOf(parse((await client.get(key)) ?? '[]')).map(asItem);
  return minimalSession(key, getItems, async (items) =>
    client.set(key, JSON.stringify([...(await getItems()), ...items]), { EX: ttlSeconds }),
  );
}
