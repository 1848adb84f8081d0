import { setTimeout as sleep } from 'node:timers/promises';

import { TestEnvironment } from 'jest-environment-node';

/** What a test file must not leave behind; timers are left out, since Jest has some of its own. */
const watched = ['TCPSocketWrap', 'TCPServerWrap', 'PipeConnectWrap', 'ProcessWrap'];

/** Closing takes a few turns of the event loop, and more of them on a busy machine. */
const patienceMs = 10_000;

/** Fails a test file that leaves a connection, server or process open, or a rejection unhandled. */
export default class LeakCheckingEnvironment extends TestEnvironment {
  readonly #before = openResources();
  readonly #rejections: unknown[] = [];
  readonly #onRejection = (reason: unknown) => this.#rejections.push(reason);

  override async setup(): Promise<void> {
    await super.setup();
    process.on('unhandledRejection', this.#onRejection);
  }

  override async teardown(): Promise<void> {
    const left = await this.#leftOpen();
    process.off('unhandledRejection', this.#onRejection);
    await super.teardown();
    if (left.length > 0) throw new Error(`The tests left open: ${left.join(', ')}.`);
    const [rejection] = this.#rejections;
    if (rejection !== undefined) {
      throw new Error('The tests left a rejection unhandled.', { cause: rejection });
    }
  }

  async #leftOpen(): Promise<string[]> {
    for (let waitedMs = 0; ; waitedMs += 50) {
      const open = openResources();
      const left = watched.filter((kind) => (open.get(kind) ?? 0) > (this.#before.get(kind) ?? 0));
      if (left.length === 0 || waitedMs >= patienceMs) return left;
      await sleep(50);
    }
  }
}

function openResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
