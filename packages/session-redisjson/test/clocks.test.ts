import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { Conversation } from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';

import { bundledProgram } from '../../../tools/bundled-program.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
const said = (content: string) => ({ role: 'user', content }) as const;

function newConversation(options: { readonly ttlMs?: number } = {}): Conversation {
  return new Conversation({ store: redis.store, sessionId: redis.newSessionId(), ...options });
}

const contentsOf = async (conversation: Conversation) =>
  (await conversation.messages()).map(({ content }) => content);

describe('F13 whatever the clocks say', () => {
  const numbers = Array.from({ length: 60 }, (_, index) => String(index));

  test('messages of one millisecond are in the order of commits, and within these as given', async () => {
    const conversation = newConversation();
    const at = { timestampMs: 1_732_400_000_123, id: 'the same' };
    for (let first = 0; first < numbers.length; first += 3) {
      const batch = numbers.slice(first, first + 3);
      await conversation.append(batch.map((number) => ({ ...said(number), ...at })));
    }
    expect(await contentsOf(conversation)).toEqual(numbers);
    const last = await conversation.messages({ last: 7 });
    expect(last.map(({ content }) => content)).toEqual(numbers.slice(-7));
    expect(new Set(last.map(({ timestampMs }) => timestampMs))).toEqual(new Set([at.timestampMs]));
  });

  test('messages of which each is older than the one before keep their order and their times', async () => {
    const conversation = newConversation();
    for (const number of numbers) {
      await conversation.append([
        { ...said(number), timestampMs: 1e12 - Number(number) * 86_400_000 },
      ]);
    }
    expect(await contentsOf(conversation)).toEqual(numbers);
    const popped = await conversation.pop();
    expect(popped).toMatchObject({ content: '59', timestampMs: 1e12 - 59 * 86_400_000 });
    expect(await contentsOf(conversation)).toEqual(numbers.slice(0, -1));
  });

  test('and if the clock of a process steps back by years in mid-session', async () => {
    const conversation = newConversation({ ttlMs: 3_600_000 });
    await conversation.append([said('before')]);
    const first = await conversation.read();
    const [before, stepped] = await writeInStrangeTimes(conversation.sessionId);
    await conversation.append([said('after')]);

    expect(await contentsOf(conversation)).toEqual(['before', 'year 2040', 'year 1999', 'after']);
    const since = await conversation.read(first.mark ? { since: first.mark } : {});
    expect(since.messages.map(({ content }) => content)).toEqual([
      'year 2040',
      'year 1999',
      'after',
    ]);
    expect(since.continues).toBe(true);
    // The server's own clock ends a session, not that of a writer.
    for (const ttlMs of [before, stepped]) {
      expect(ttlMs).toBeGreaterThan(3_000_000);
      expect(ttlMs).toBeLessThanOrEqual(3_600_000);
    }
  });
});

/** A process with a clock of its own writes twice; answers what was left of the TTL each time. */
async function writeInStrangeTimes(sessionId: string): Promise<number[]> {
  const program = bundledProgram(new URL('stepping-clock-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, redis.url, sessionId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  expect(await ended).toEqual([0, null]);
  return output.trim().split('\n').map(Number);
}

describe('F14 the same text', () => {
  const yes = said('yes');

  test('twice is kept twice, in one commit and in two', async () => {
    const conversation = newConversation();
    await conversation.append([yes, yes]);
    await conversation.append([yes]);
    expect(await contentsOf(conversation)).toEqual(['yes', 'yes', 'yes']);
    const ids = (await conversation.messages()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  test('twice under the same message id is kept twice: that names a message, not a commit', async () => {
    const conversation = newConversation();
    await conversation.append([{ ...yes, id: 'm' }]);
    await conversation.append([{ ...yes, id: 'm' }]);
    expect(await contentsOf(conversation)).toEqual(['yes', 'yes']);
  });

  test('in the same commit twice is kept once, in a row and at the same time', async () => {
    const conversation = newConversation();
    const sameCommit = { operationId: 'once' };
    const { mark, revision } = await conversation.append([yes], sameCommit);
    await conversation.append([said('no')]);
    const again = await Promise.all(
      Array.from({ length: 10 }, () => conversation.append([yes], sameCommit)),
    );
    const repeatedOnce = { mark, revision, repeated: true, dropped: [] };
    for (const result of again) expect(result).toEqual(repeatedOnce);
    expect(await contentsOf(conversation)).toEqual(['yes', 'no']);

    const atOnce = Array.from({ length: 10 }, () =>
      conversation.append([yes], { operationId: 'at once' }),
    );
    const repeated = (await Promise.all(atOnce)).map((result) => result.repeated);
    expect(repeated.filter((each) => !each)).toHaveLength(1);
    expect(await contentsOf(conversation)).toEqual(['yes', 'no', 'yes']);
  });

  test('popped twice in the same commit is popped once', async () => {
    const conversation = newConversation();
    await conversation.append([yes, yes]);
    const popped = await conversation.pop({ operationId: 'pop' });
    expect(await conversation.pop({ operationId: 'pop' })).toEqual(popped);
    expect(await contentsOf(conversation)).toEqual(['yes']);
  });
});
