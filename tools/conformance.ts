// `npm run conformance`: what the kit says of the drivers of this repository, and of the stores that
// each break the contract in one way.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runCases } from '@agent-sessions/session-conformance';
import type { Report, StoreSetup } from '@agent-sessions/session-conformance';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { openSessionStore } from '@agent-sessions/session-redisjson';

import { SqliteSessionStore } from '../examples/sqlite-session-store.ts';
import { everyBrokenStore } from '../packages/session-conformance/test/broken-stores/every.ts';
import { runAll } from '../packages/session-conformance/test/broken-stores/run-all.ts';
import { provideRedis } from './redis-server/index.ts';

const shared = { durable: true, sharedWriters: true, expiry: true, state: true, sessions: true };
let isAsItShouldBe = true;

const redis = await provideRedis();
const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
try {
  const drivers: StoreSetup[] = [
    {
      name: 'MemorySessionStore',
      capabilities: {
        durable: false,
        sharedWriters: false,
        expiry: true,
        state: true,
        sessions: true,
      },
      create: () => {
        const store = new MemorySessionStore();
        return { open: () => store };
      },
    },
    {
      name: 'RedisJsonSessionStore',
      capabilities: { ...shared, sessions: false },
      create: () => {
        const keyPrefix = `conformance:${randomUUID()}:`;
        return { open: () => openSessionStore(redis.url, { keyPrefix }) };
      },
    },
    {
      name: 'SqliteSessionStore',
      capabilities: shared,
      create: () => {
        const path = join(folder, randomUUID());
        return { open: () => new SqliteSessionStore({ path }) };
      },
    },
  ];
  console.log('\nThe drivers');
  for (const driver of drivers) {
    const report = await runCases(driver);
    console.log(`  ${driver.name}: ${counted(report)}`);
    for (const each of report.failed) console.log(`    broken: ${each.case.promise}`);
    for (const reason of new Set(report.skipped.map((each) => each.reason))) {
      console.log(`    skipped: ${reason}`);
    }
    if (report.failed.length > 0) isAsItShouldBe = false;
  }

  console.log('\nStores that break the contract on purpose, and the promises that the kit misses');
  for (const [store, running] of runAll(everyBrokenStore)) {
    const report = await running;
    const found = new Set(report.failed.map((each) => each.case.promise));
    console.log(`  ${store.name}: ${counted(report)}`);
    for (const promise of found) console.log(`    found: ${promise}`);
    if (!isSameSet(found, new Set(store.breaks))) {
      console.log(`    SHOULD BE: ${store.breaks.join(' ') || 'nothing'}`);
      isAsItShouldBe = false;
    }
  }
} finally {
  await rm(folder, { recursive: true });
  await redis.stop();
}
console.log(isAsItShouldBe ? '\nAll as it should be.' : '\nNot all is as it should be.');
process.exitCode = isAsItShouldBe ? 0 : 1;

function counted({ passed, failed, skipped }: Report): string {
  return `${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`;
}

function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}
