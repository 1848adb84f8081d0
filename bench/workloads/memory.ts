import type { Bench, Participant } from '../participants.ts';
import { ping } from '../peers/catalogue.ts';
import { messagesIn } from '../peers/messages.ts';
import { itemOf } from '../peers/sdk.ts';
import type { MemoryRow } from '../report/results.ts';

/** Messages of a conversation, of which its own few members are a part of a thousandth each. */
const count = 1000;

/** What the server needs for a message: for a conversation with a thousand, less for one without. */
export async function measureMemory(
  bench: Bench,
  participants: readonly Participant[],
  charactersOf: readonly number[],
): Promise<MemoryRow[]> {
  const rows: MemoryRow[] = [];
  for (const characters of charactersOf) {
    for (const { name, peer, meter } of participants) {
      if (!meter || name === ping) continue;
      const [begun, whole] = [bench.newSession(), bench.newSession()];
      // RedisJSON keeps equal texts once: what is said in one conversation is said in no other.
      const talk = (topic: string, length: number) => ({ topic, length, characters });
      await peer.fill(begun, talk(begun, 1));
      await peer.fill(whole, talk(whole, count + 1));
      const bytes = (await meter.memoryOf(whole)) - (await meter.memoryOf(begun));
      const given = messagesIn(talk(whole, count)).map((message) =>
        // Sessions of the SDK get items, the others a role, a text and a number of tokens.
        JSON.stringify(name.includes('AgentsSession') ? itemOf(message) : message),
      );
      rows.push({
        peer: name,
        characters,
        bytesPerMessage: bytes / count,
        jsonBytes: Buffer.byteLength(given.join('')) / count,
      });
    }
    await bench.clean();
  }
  return rows;
}
