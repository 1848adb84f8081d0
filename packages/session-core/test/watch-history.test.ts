import { SessionError, watchHistory } from '@agent-sessions/session-core';
import type { Message, ReadResult } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { newConversation, said } from './saying.ts';

/** Something to subscribe to, as a channel of Redis is. */
class Channel {
  readonly listeners = new Set<() => void>();

  readonly subscribe = (look: () => void) => {
    this.listeners.add(look);
    return () => this.listeners.delete(look);
  };

  publish(): void {
    for (const look of this.listeners) look();
  }
}

/** What a history is, by what was told of it. */
function told(results: readonly ReadResult[]): string[] {
  let history: readonly Message[] = [];
  for (const { messages, continues } of results) {
    history = continues ? [...history, ...messages] : messages;
  }
  return history.map(({ id }) => id);
}

describe('watchHistory', () => {
  test('what is told, one after the other, is the history, whatever becomes of the wake-ups', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            what: fc.constantFrom('append', 'pop', 'clear', 'delete', 'rename'),
            isAnnounced: fc.boolean(),
          }),
          { maxLength: 30 },
        ),
        async (operations) => {
          const { conversation } = await newConversation(2);
          const channel = new Channel();
          const abort = new AbortController();
          const { signal } = abort;
          const results: ReadResult[] = [];
          const options = { signal, wake: channel.subscribe, intervalMs: 1 };
          const watching = (async () => {
            for await (const result of watchHistory(conversation, options)) results.push(result);
          })();
          for (const [at, { what, isAnnounced }] of operations.entries()) {
            if (what === 'append') await conversation.append(said(10 * at, 10 * at + 2));
            if (what === 'pop') await conversation.pop();
            if (what === 'clear') await conversation.clear();
            if (what === 'delete') await conversation.delete();
            if (what === 'rename') await conversation.setState({ title: `${at}` });
            if (isAnnounced) channel.publish();
          }
          await conversation.append(said(1000, 1001));
          while (told(results).at(-1) !== 'm1000') await new Promise(setImmediate);
          abort.abort();
          await watching;
          expect(told(results)).toEqual((await conversation.messages()).map(({ id }) => id));
          expect(channel.listeners.size).toBe(0);
        },
      ),
      { numRuns: 60, seed: 7 },
    ));

  test('from a mark on, only what came after it is told', async () => {
    const { conversation } = await newConversation(3);
    const { mark } = await conversation.read();
    await conversation.append(said(3, 5));
    for await (const { messages, continues } of watchHistory(conversation, {
      since: mark ?? undefined,
    })) {
      expect(continues).toBe(true);
      expect(messages.map(({ id }) => id)).toEqual(['m3', 'm4']);
      break;
    }
  });

  test('a wake-up is looked at without waiting for the interval', async () => {
    const { conversation } = await newConversation(1);
    const channel = new Channel();
    const abort = new AbortController();
    const options = { wake: channel.subscribe, intervalMs: 2 ** 40, signal: abort.signal };
    const watch = watchHistory(conversation, options);
    expect(told([(await watch.next()).value ?? failed()])).toEqual(['m0']);
    const next = watch.next();
    await conversation.append(said(1, 2));
    channel.publish();
    expect((await next).value?.messages.map(({ id }) => id)).toEqual(['m1']);
    const last = watch.next();
    abort.abort();
    expect((await last).done).toBe(true);
  });

  test('a server that is away is waited for; what waiting does not mend is thrown', async () => {
    class FailingStore extends MemorySessionStore {
      errors = [
        new SessionError('connection_failed', 'away', { retryable: true }),
        new SessionError('timeout', 'slow', { retryable: true }),
      ];

      override async read(...args: Parameters<MemorySessionStore['read']>) {
        const error = this.errors.shift();
        if (error) throw error;
        return super.read(...args);
      }
    }
    const { conversation, store } = await newConversation(1, new FailingStore());
    const watch = watchHistory(conversation, { intervalMs: 1 });
    expect((await watch.next()).value?.messages).toHaveLength(1);
    if (!(store instanceof FailingStore)) throw failed();
    store.errors = [new SessionError('damaged_message', 'damaged')];
    await expect(watch.next()).rejects.toMatchObject({ code: 'damaged_message' });
  });
});

function failed(): never {
  throw new Error('Nothing was told.');
}
