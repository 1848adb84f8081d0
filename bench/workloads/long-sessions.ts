import { Conversation } from '@agent-sessions/session-core';

import type { Bench } from '../participants.ts';
import { median } from '../measure/statistics.ts';
import { messagesOf } from '../peers/messages.ts';
import { driver } from '../peers/ours.ts';
import type { Figure } from '../report/results.ts';

/** What calls cost when a session is much longer than it should be, and what its end costs others. */
export async function measureLongSessions(
  bench: Bench,
  lengths: readonly number[],
): Promise<Figure[]> {
  const store = driver(bench.client);
  const figures: Figure[] = [];
  const conversations = [];
  for (const length of lengths) {
    const conversation = new Conversation({ store, sessionId: bench.newSession() });
    for (let from = 0; from < length; from += 1000) {
      await conversation.append(messagesOf(from, Math.min(from + 1000, length)));
    }
    conversations.push({ conversation, length });
  }

  const calls = {
    'add one message': (conversation: Conversation) => conversation.append(messagesOf(0, 1)),
    'read the last 50': (conversation: Conversation) => conversation.messages({ last: 50 }),
    'read metadata': (conversation: Conversation) => conversation.metadata(),
    'drop the last and answer it': (conversation: Conversation) => conversation.pop(),
  };
  for (const [what, call] of Object.entries(calls)) {
    const times = conversations.map(() => [] as number[]);
    for (let round = 0; round < 400; round += 1) {
      for (const [index, { conversation }] of conversations.entries()) {
        const start = performance.now();
        await call(conversation);
        times[index]?.push(performance.now() - start);
      }
    }
    for (const [index, { length }] of conversations.entries()) {
      figures.push({
        what: `${what}, at ${length}`,
        value: median(times[index] ?? []),
        unit: 'ms',
      });
    }
  }

  for (const { conversation, length } of conversations) {
    const times = [];
    // Once is enough of what takes half a second.
    for (let round = 0; round < (length > 10_000 ? 1 : 3); round += 1) {
      const start = performance.now();
      await conversation.messages();
      times.push(performance.now() - start);
    }
    figures.push({ what: `read all, at ${length}`, value: median(times), unit: 'ms' });
  }
  for (const { conversation, length } of conversations) {
    const { cost } = await bench.meter.measure(() => conversation.delete());
    // The server does nothing else in that time: so long do others wait.
    const value = cost.commandUs / 1000;
    figures.push({ what: `delete, others wait, at ${length}`, value, unit: 'ms' });
  }
  await bench.clean();
  return figures;
}
