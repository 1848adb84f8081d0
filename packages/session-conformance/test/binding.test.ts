import { describe, expect, it } from '@jest/globals';
import {
  cases,
  reasonToSkip,
  runCases,
  testSessionStore,
} from '@agent-sessions/session-conformance';
import type { StoreSetup, TestRunner } from '@agent-sessions/session-conformance';
import { MemorySessionStore } from '@agent-sessions/session-memory';

const memory: StoreSetup = {
  name: 'a store in memory',
  capabilities: { durable: false, sharedWriters: false, expiry: true, state: true, sessions: true },
  create: () => ({ open: () => new MemorySessionStore() }),
};
const reason = 'the store does not claim sharedWriters';
const shared = cases.filter(({ needs }) => needs === 'sharedWriters');
const notRun = cases.filter((each) => reasonToSkip(each, memory));

function call(test: unknown, args: readonly unknown[] = []): unknown {
  return typeof test === 'function' ? Reflect.apply(test, undefined, args) : undefined;
}

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

describe('C9 one fault is one red test, and the others say why they were not run:', () => {
  const wrong: Readonly<Record<string, [setup: StoreSetup, message: string]>> = {
    'set-up and store do not claim the same': [
      { ...memory, capabilities: { ...memory.capabilities, durable: true } },
      'The set-up of a store in memory claims durable: true, its store false. Make them agree.',
    ],
    'a store that claims to be shared cannot be opened twice': [
      {
        ...memory,
        capabilities: { ...memory.capabilities, sharedWriters: true },
        create: () => new MemorySessionStore(),
      },
      'create() of the set-up of a store in memory failed: TypeError: A store that claims durable or sharedWriters is opened more than once. Answer { open }.',
    ],
    'create() fails': [
      { ...memory, create: () => Promise.reject(new Error('no database')) },
      'create() of the set-up of a store in memory failed: Error: no database',
    ],
    'open() fails': [
      {
        ...memory,
        create: () => ({
          open() {
            throw new Error('no database');
          },
        }),
      },
      'open() of the set-up of a store in memory failed: Error: no database',
    ],
    'open() does not answer': [
      { ...memory, deadlineMs: 20, create: () => ({ open: () => new Promise(() => {}) }) },
      'open() of the set-up of a store in memory failed: NoAnswer: open() has not answered within 20 ms. It must answer or fail, whatever happens to the database.',
    ],
    'dispose() fails': [
      {
        ...memory,
        create: () => ({
          open: () => new MemorySessionStore(),
          dispose: () => Promise.reject(new Error('not empty')),
        }),
      },
      'dispose() of the set-up of a store in memory failed: Error: not empty',
    ],
  };

  it.each(Object.keys(wrong))('%s', async (name) => {
    const [setup, message] = wrong[name] ?? [memory, ''];
    const five = cases.slice(0, 5);
    const { passed, failed, skipped } = await runCases(setup, five);
    expect(passed).toEqual([]);
    expect(failed.map(({ case: each, error }) => [each, String(error)])).toEqual([
      [five[0], `SetupFault: ${message}`],
    ]);
    const why = `not run after “${five[0]?.name}” had failed: SetupFault: ${message}`;
    expect(skipped).toEqual(five.slice(1).map((each) => ({ case: each, reason: why })));
  });

  it.each(['node:test', 'Vitest', 'Jest'])('as skipped under %s', async (runnerName) => {
    const { tests, runner } = noting();
    const [setup] = wrong['create() fails'] ?? [memory];
    testSessionStore(runner, setup);
    const why: unknown[] = [];
    const skip = (reasonGiven: unknown) => why.push(reasonGiven);
    const given = {
      'node:test': [{ skip }],
      Vitest: [Object.assign(() => {}, { skip })],
      Jest: [],
    }[runnerName];
    const results = await Promise.allSettled(tests.map(([, test]) => call(test, given)));
    expect(results.filter(({ status }) => status === 'rejected').length).toBe(1);
    expect(why.length).toBe(runnerName === 'Jest' ? 0 : tests.length - 1);
    expect(tests.every(([, test]) => typeof test === 'function' && test.length === 0)).toBe(true);
  });
});

describe('C9 a call that does not answer', () => {
  const never = new Promise<never>(() => {});
  class Silent extends MemorySessionStore {
    override commit() {
      return never;
    }
  }
  const silent: StoreSetup = { ...memory, deadlineMs: 20, create: () => new Silent() };

  it('is named, whatever the case makes of it, and after three cases the rest are not run', async () => {
    const committing = cases.filter(({ promise }) => promise === 'Equal messages are all kept.');
    const refusing = cases.filter(({ promise }) => /`conflict` and nothing/.test(promise));
    const some = [...committing, ...refusing].filter(({ needs }) => needs === undefined);
    const { failed, skipped } = await runCases(silent, some);
    const message =
      'NoAnswer: commit() has not answered within 20 ms. It must answer or fail, whatever happens to the database.';
    expect(failed.map(({ error }) => String(error))).toEqual([message, message, message]);
    expect(failed.length + skipped.length).toBe(some.length);
    expect(new Set(skipped.map((each) => each.reason))).toEqual(
      new Set([`not run after “${some[2]?.name}” had failed: ${message}`]),
    );
  });

  it('is known in the middle of a listing, too', async () => {
    class Endless extends MemorySessionStore {
      override async *list() {
        yield 'session 1';
        await never;
      }
    }
    const listing = cases.filter(({ name }) => name === 'hundreds of them');
    const { failed } = await runCases({ ...silent, create: () => new Endless() }, listing);
    expect(String(failed[0]?.error)).toMatch(/^NoAnswer: list\(\) has not answered/);
  });

  it('is one red test where it is close()', async () => {
    class Open extends MemorySessionStore {
      override close() {
        return never;
      }
    }
    const setup = { ...silent, create: () => new Open() };
    const { failed } = await runCases(setup, cases.slice(0, 1));
    expect(String(failed[0]?.error)).toMatch(/^NoAnswer: close\(\) has not answered/);
  });
});
