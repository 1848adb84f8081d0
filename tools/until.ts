import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks until the answer is yes. A question that fails counts as no.
 *
 * @param what - what is waited for, as it stands after "gave up waiting until"
 * @throws Error when the deadline has passed, with the last failure as its cause
 */
export async function until(
  what: string,
  ask: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  let cause: unknown;
  for (;;) {
    try {
      if (await ask()) return;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`, { cause });
    await delay(20);
  }
}
