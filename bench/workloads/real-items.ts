import assert from 'node:assert/strict';

import { AgentsSession } from '@agent-sessions/agents-adapter';
import type { AgentInputItem, Session } from '@openai/agents-core';

import { median } from '../measure/statistics.ts';
import type { Bench } from '../participants.ts';
import { airlineTranscripts, type RunItems } from '../peers/airline-desk.ts';
import { parse } from '../peers/floors.ts';
import { ttlSeconds } from '../peers/messages.ts';
import { driver } from '../peers/ours.ts';
import { asItem, minimalSession } from '../peers/sdk.ts';
import type { Figure } from '../report/results.ts';

/** With `: memory against its JSON`, what a goal is set for. */
export const realItem = 'AgentsSession';

/** A way to keep transcripts, and how long its calls took. */
interface Way {
  readonly name: string;
  open(id: string): Pick<Session, 'addItems' | 'getItems'>;
}

/** What conversations cost that are like real ones: memory, adding what a run adds, reading all. */
export async function measureRealItems(bench: Bench, count: number): Promise<Figure[]> {
  const transcripts = airlineTranscripts(count);
  const items = transcripts.flat(2);
  const jsonBytes = Buffer.byteLength(items.map((item) => JSON.stringify(item)).join(''));
  const figures: Figure[] = [
    { what: 'an item: JSON', value: jsonBytes / items.length, unit: 'bytes' },
  ];
  for (const way of waysOn(bench)) {
    const prefix = bench.newSession();
    const times = await keep(way, prefix, transcripts);
    const bytes = (await bench.meter.memoryOf(prefix)) / items.length;
    figures.push(
      { what: `${way.name}: memory of an item`, value: bytes, unit: 'bytes' },
      {
        what: `${way.name}: memory against its JSON`,
        value: (bytes * items.length) / jsonBytes,
        unit: '×',
      },
      { what: `${way.name}: add what a run adds`, value: median(times.add), unit: 'µs' },
      { what: `${way.name}: read a transcript`, value: median(times.read), unit: 'µs' },
    );
    if (way.name === realItem) await allAreNative(bench, prefix, count);
  }
  await bench.clean();
  return figures;
}

function waysOn({ client }: Bench): Way[] {
  const store = driver(client);
  const text = (item: AgentInputItem) => JSON.stringify(item);
  return [
    {
      name: realItem,
      open: (sessionId) => new AgentsSession({ store, sessionId, ttlMs: ttlSeconds * 1000 }),
    },
    {
      name: 'the items alone, in a JSON document',
      open: (id) =>
        minimalSession(
          id,
          async () => {
            const found: unknown = await client.json.get(id);
            return Array.isArray(found) ? found.map(asItem) : [];
          },
          async (items) => {
            await client.json.set(id, '$', [], { NX: true });
            // As JSON text, for the types of the client's arguments.
            await client.sendCommand(['JSON.ARRAPPEND', id, '$', ...items.map(text)]);
          },
        ),
    },
    {
      name: 'RPUSH, LRANGE + parse',
      open: (id) =>
        minimalSession(
          id,
          async () => (await client.lRange(id, 0, -1)).map((each) => asItem(parse(each))),
          (items) => client.rPush(id, items.map(text)),
        ),
    },
  ];
}

async function keep({ open }: Way, prefix: string, transcripts: readonly RunItems[][]) {
  const times = { add: [] as number[], read: [] as number[] };
  const timed = async <Result>(list: number[], call: () => Promise<Result>): Promise<Result> => {
    const start = performance.now();
    const result = await call();
    list.push(1000 * (performance.now() - start));
    return result;
  };
  for (const [index, transcript] of transcripts.entries()) {
    const session = open(`${prefix}${index}`);
    for (const run of transcript) await timed(times.add, () => session.addItems([...run]));
    const read = await timed(times.read, () => session.getItems());
    // Key order included.
    assert.equal(JSON.stringify(read), JSON.stringify(transcript.flat()));
  }
  return times;
}

/** Nothing of it had to be kept as text. */
async function allAreNative({ client }: Bench, prefix: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const path = '$.messages[*].exact';
    assert.equal(
      String(await client.sendCommand(['JSON.GET', `session:${prefix}${index}`, path])),
      '[]',
    );
  }
}
