// `node tools/run.mjs ci`: everything that must hold, step after step, in a quarter of an hour. All
// steps run even if one fails; the last line says how much passed and how much did not.
import { checkDemo } from './ci/check-demo.ts';
import { containerProblem, withContainerEngine } from './ci/container-engine.ts';
import { runProgram } from './ci/run-program.ts';
import { runSuite } from './ci/run-suite.ts';
import { Tally } from './ci/tally.ts';
import type { NodeMajor } from './node.ts';
import { provideNode } from './node.ts';
import { reasonOf } from './reason.ts';
import { checkTarballs } from './tarballs/check.ts';

// What a developer has set must not decide what is tested; nor may a real model be asked.
const ignored = ['REDIS_URL', 'AGENT_SESSIONS_REDIS', 'AGENT_SESSIONS_REDISJSON', 'OPENAI_API_KEY'];
for (const name of ignored) delete process.env[name];

// What runs at the time then ends, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** Whatever talks to the Redis of the run: what RedisJSON does must be the same on every version. */
const onRedis = [
  'packages/session-redisjson',
  'packages/session-cache',
  'packages/session-encryption',
  'packages/agents-adapter',
];

/** A container is the same software, found and reached in another way. */
const onContainers = [
  'packages/session-redisjson/test/contract',
  'packages/session-redisjson/test/stored-form',
  'tools/test/provide-redis',
  'tools/test/redis-command',
];

/** What these show is of the server or of the kit, whatever runs them: once is enough. */
const sameOnEveryNode = ['broken-stores', 'eight-processes', 'huge-session', 'torture'];

const steps: Record<string, (tally: Tally) => Promise<unknown>> = {
  'Types, lint, format': (tally) =>
    tally.check('npm run check', () => runProgram('npm', ['run', 'check'], { shown: true })),

  [`All tests, RedisJSON 2.8, Node ${process.versions.node}`]: (tally) =>
    runSuite(tally, { env: { AGENT_SESSIONS_REDISJSON: '2.8' } }),

  // Not only the driver: a failure of FAILURES.md may not happen on any version, nor through the SDK.
  'What is on Redis, on RedisJSON 2.6': (tally) =>
    runSuite(tally, { env: { AGENT_SESSIONS_REDISJSON: '2.6' }, files: onRedis }),

  'The store in containers': async (tally) => {
    const problem = await containerProblem();
    if (problem !== undefined) tally.skip(`the tests in containers (skipped: ${problem})`);
    else {
      await withContainerEngine((engine) =>
        runSuite(tally, {
          env: { ...engine, AGENT_SESSIONS_REDIS: 'docker' },
          files: onContainers,
        }),
      );
    }
  },

  // What an engine decides: JSON, regular expressions, sockets, processes, node:test.
  'The packages on Node 22': (tally) => runPackagesOn(22, tally),
  'The packages on Node 24': (tally) => runPackagesOn(24, tally),

  // npm test runs those cases on each store that can tell; this runs all on all.
  'The kit, on every store that keeps or breaks the contract': (tally) =>
    tally.check('npm run conformance', () => runProgram('npm', ['run', 'conformance'])),
  'The demo': checkDemo,
  'The benchmark': (tally) =>
    tally.check('every peer does its work, and nothing has become much worse', () =>
      runProgram('npm', ['run', 'bench', '--', '--quick', '--guard'], { shown: true }),
    ),
  'The tarballs': checkTarballs,
};

async function runPackagesOn(major: NodeMajor, tally: Tally): Promise<void> {
  const command = [await provideNode(major), 'tools/run.mjs', 'test'] as const;
  await runSuite(tally, { command: [...command], files: ['packages/'], except: sameOnEveryNode });
}

const total = new Tally();
const table = [];
for (const [step, run] of Object.entries(steps)) {
  console.log(`\n=== ${step}`);
  const startedAt = Date.now();
  const tally = new Tally();
  try {
    await run(tally);
  } catch (error) {
    tally.fail(step, reasonOf(error));
  }
  const row = { step, result: tally.summary, seconds: Math.round((Date.now() - startedAt) / 1000) };
  console.log(`--- ${step}: ${row.result} (${row.seconds} s)`);
  table.push(row);
  total.add(step, tally);
}

console.log();
console.table(table);
for (const name of total.failed) console.log(`FAILED: ${name}`);
console.log(total.summary);
process.exitCode = total.failed.length === 0 ? 0 : 1;
