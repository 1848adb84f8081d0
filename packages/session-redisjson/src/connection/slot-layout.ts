import { isSessionError } from '@agent-sessions/session-core';

import { slotOf } from './cluster-slot.ts';
import type { ClusterClient } from './redis-client.ts';

/** Calls Redis, within the time that a page of the list may take. */
export type Ask = <T>(work: () => Promise<T>) => Promise<T>;

/** Where the slots of a cluster are. */
export interface SlotLayout {
  /** No slot is moving. */
  readonly isStill: boolean;
  /** The same for the same layout. */
  readonly text: string;
}

/** A node, as `CLUSTER NODES` has it. */
interface NodeLine {
  readonly id: string;
  readonly flags: string;
  readonly epoch: string;
  readonly slots: readonly string[];
}

/** Asks each master for its slots, having made the client know those that it does not know yet. */
export async function layoutOf(
  client: ClusterClient,
  keyPrefix: string,
  ask: Ask,
): Promise<SlotLayout> {
  try {
    const [first = []] = await askMasters(client, ask, 1);
    await learnMasters(client, keyPrefix, first, ask);
    const own = (await askMasters(client, ask)).flatMap((lines) =>
      lines.filter(({ flags }) => flags.includes('myself')),
    );
    const text = own.map(({ id, epoch, slots }) => [id, epoch, ...slots].join(' ')).toSorted();
    return { isStill: !text.some((each) => each.includes('[')), text: text.join('\n') };
  } catch (error) {
    // Nobody needs the right to ask: then it is taken for moving.
    if (isSessionError(error, 'permission_denied')) return { isStill: false, text: '' };
    throw error;
  }
}

async function askMasters(client: ClusterClient, ask: Ask, most?: number): Promise<NodeLine[][]> {
  const masters = [...new Set(client.masters)].slice(0, most);
  return Promise.all(
    masters.map(async (node) => {
      const text = await ask(async () =>
        (await client.nodeClient(node)).sendCommand(['CLUSTER', 'NODES']),
      );
      return String(text).trim().split('\n').map(parseLine);
    }),
  );
}

function parseLine(line: string): NodeLine {
  const [id = '', , flags = '', , , , epoch = '', , ...slots] = line.trim().split(' ');
  return { id, flags, epoch, slots };
}

/** A client learns of a node when it is sent there: by a key of a slot that the node has. */
async function learnMasters(
  client: ClusterClient,
  keyPrefix: string,
  lines: readonly NodeLine[],
  ask: Ask,
): Promise<void> {
  const known = new Set(client.masters.map(({ id }) => id));
  const unknown = lines.filter(({ id, slots }) => slots.length > 0 && !known.has(id));
  for (const { slots } of unknown) {
    const key = keyIn(Number(slots[0]?.split('-')[0]), keyPrefix);
    if (key === undefined) continue;
    const look = ['JSON.GET', key, '$.session_id'];
    await ask(() => client.sendCommand(key, false, look));
  }
}

/** Undefined where there is none: the prefix may put all keys into one slot. */
function keyIn(slot: number, keyPrefix: string): string | undefined {
  for (let tries = 0; tries < 400_000; tries += 1) {
    const key = `${keyPrefix}${tries}`;
    if (slotOf(key) === slot) return key;
  }
  return undefined;
}
