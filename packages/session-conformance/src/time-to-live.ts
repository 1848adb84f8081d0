import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/** A TTL that no case outlives. */
export const longMs = 3_600_000;

/** The machine was too slow to tell whether a session ended rightly. */
class TooSlow extends Error {}

/**
 * Tries something with a short TTL, and where the machine turns out to be too slow for it, with
 * longer ones.
 */
export async function withTtl(attempt: (ttlMs: number) => Promise<void>): Promise<void> {
  for (const ttlMs of [120, 500, 2000, 8000]) {
    try {
      return await attempt(ttlMs);
    } catch (error) {
      if (!(error instanceof TooSlow)) throw error;
    }
  }
  throw new Error('This machine is too slow to tell: it paused for 8 seconds.');
}

/**
 * Expects a session to be there.
 *
 * @param writtenMs - `performance.now()` before its last write
 */
export async function notEnded(
  isThere: () => Promise<boolean>,
  ttlMs: number,
  writtenMs: number,
): Promise<void> {
  if (await isThere()) return;
  const age = performance.now() - writtenMs;
  if (age > ttlMs - 10) throw new TooSlow();
  assert.fail(
    `the session ended ${Math.round(age)} ms after its last write, its TTL is ${ttlMs} ms`,
  );
}

/**
 * Expects a session to end, and asks more and more rarely: a store that takes asking for a write
 * breaks another promise.
 */
export async function ended(isThere: () => Promise<boolean>, ttlMs: number): Promise<void> {
  for (const pauseMs of [ttlMs + 20, ttlMs * 2, ttlMs * 4, ttlMs * 8]) {
    await sleep(pauseMs);
    if (!(await isThere())) return;
  }
  assert.fail(`the session is there after 15 times its TTL of ${ttlMs} ms`);
}

/** Expects a session to end although this is done to it all the time. */
export async function endedDespite(isThere: () => Promise<boolean>, ttlMs: number): Promise<void> {
  let doneMs = performance.now();
  for (let asked = 0; asked < 40; asked += 1) {
    await sleep(ttlMs / 4);
    const askedMs = performance.now();
    if (!(await isThere())) {
      // Had the last time slid its expiry, would it be there still?
      if (performance.now() - doneMs < ttlMs - 10) return;
      throw new TooSlow();
    }
    doneMs = askedMs;
  }
  assert.fail(`the session is there after 10 times its TTL of ${ttlMs} ms`);
}
