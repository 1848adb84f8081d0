import { describe, expect, it } from '@jest/globals';
import { cases, runCases, testSessionStore } from '@agent-sessions/session-conformance';
import type { StoreSetup, TestRunner } from '@agent-sessions/session-conformance';
import { MemorySessionStore } from '@agent-sessions/session-memory';

const memory: StoreSetup = {
  name: 'a store in memory',
  capabilities: { durable: false, sharedWriters: false, expiry: true },
  create: () => ({ open: () => new MemorySessionStore() }),
};
const reason = 'the store does not claim sharedWriters';
const shared = cases.filter(({ needs }) => needs === 'sharedWriters');
const notRun = cases.filter(({ needs }) => needs === 'sharedWriters' || needs === 'durable');

/** Notes what is registered, and runs nothing. */
function noting() {
  const suites: string[] = [];
  const tests: unknown[][] = [];
  const skipped: unknown[][] = [];
  const bare: TestRunner = {
    describe: (name, define) => {
      suites.push(name);
      define();
    },
    it: (...args: unknown[]) => tests.push(args),
  };
  const skip = (...args: unknown[]) => skipped.push(args);
  const runner: TestRunner = {
    describe: bare.describe,
    it: Object.assign((...args: unknown[]) => tests.push(args), { skip }),
  };
  return { suites, tests, skipped, bare, runner };
}

describe('testSessionStore', () => {
  it('registers a test for each case under its promise, at once', () => {
    const { suites, tests, skipped, runner } = noting();
    testSessionStore(runner, memory);
    expect(suites).toEqual([memory.name, ...new Set(cases.map(({ promise }) => promise))]);
    expect(tests.length).toBe(cases.length - notRun.length);
    expect(skipped.length).toBe(notRun.length);
  });

  it('says in the title why a case is skipped', () => {
    const { skipped, runner } = noting();
    testSessionStore(runner, memory);
    const titles = skipped.map(([title]) => title);
    expect(titles).toContain(`${shared[0]?.name} (skipped: ${reason})`);
  });

  it('skips by an option where the runner has no it.skip', () => {
    const { tests, bare } = noting();
    testSessionStore(bare, memory);
    const options = tests.map(([, option]) => option).filter((each) => typeof each === 'object');
    expect(options.length).toBe(notRun.length);
    expect(options).toContainEqual({ skip: reason });
  });

  it('takes the runner that a test file has', () => {
    const runner: TestRunner = { describe, it };
    expect(runner.it.skip).toBeDefined();
  });
});

describe('runCases', () => {
  it('answers with the reasons of what it skipped', async () => {
    const { passed, failed, skipped } = await runCases(memory, shared);
    expect([passed, failed]).toEqual([[], []]);
    expect(skipped).toEqual(shared.map((each) => ({ case: each, reason })));
  });

  it('fails where set-up and store do not claim the same', async () => {
    const capabilities = { ...memory.capabilities, durable: true };
    const { failed } = await runCases({ ...memory, capabilities }, cases.slice(0, 3));
    expect(failed.map(({ error }) => String(error))).toEqual(
      Array(3).fill(
        'TypeError: The set-up of a store in memory claims durable: true, its store false. Make them agree.',
      ),
    );
  });

  it('closes each store once and then disposes of its place, also after a failure', async () => {
    const events: string[] = [];
    class Noting extends MemorySessionStore {
      override async close() {
        events.push('closed');
        await super.close();
      }
    }
    const place = { open: () => new Noting(), dispose: () => void events.push('disposed') };
    const failing = { promise: 'none', name: 'fails', run: () => Promise.reject(new Error('no')) };
    const setup = { ...memory, create: () => place };
    await runCases(setup, [...cases.slice(0, 1), failing]);
    expect(events).toEqual(['closed', 'disposed', 'closed', 'disposed']);
  });
});
