// `npm run torture`: several processes commit to shared and to own sessions while connections are
// cut, the server is killed and they themselves are killed; at the end, what Redis holds is held
// against what was acknowledged. `--failover` does it under sentinels. The last line says it.
import { parseArgs } from 'node:util';
import { reasonOf } from '../reason.ts';
import {
  isPersistence,
  type Persistence,
  persistences,
  startGroup,
  startSingle,
} from './servers.ts';
import { torture } from './torture.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    commits: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '50' },
    clients: { type: 'string', default: '4' },
    /** Without any progress, after which it gives up. */
    seconds: { type: 'string', default: '120' },
    /** Of the single server: always, everysec, rdb or none. */
    persistence: { type: 'string', default: 'always' },
    /** A master and a replica under sentinels, instead of a single server. */
    failover: { type: 'boolean', default: false },
    /** How many replicas have to confirm a commit, with `--failover`. */
    confirm: { type: 'string', default: '0' },
  },
});

try {
  const seed = count('seed');
  const clients = count('clients');
  const confirm = count('confirm');
  const servers = values.failover
    ? await startGroup(confirm)
    : await startSingle(clients, persistence(values.persistence));
  console.log(`torture: ${servers.name}, ${clients} clients, seed ${seed}`);
  try {
    const outcome = await torture(servers, {
      ...{ seed, clients, commits: count('commits'), kills: count('kills') },
      ...{ seconds: count('seconds'), log: console.log },
    });
    const { acknowledged, refused, repeated, lost, doubled, outOfOrder, contradictions } = outcome;
    const kills = outcome.kills.server + outcome.kills.client;
    console.log(
      `${repeated} commits were acknowledged on repetition, ${refused} refused as conflicts; ` +
        `${outcome.kills.server} of the kills were the server's, ${outcome.kills.client} clients'`,
    );
    for (const each of contradictions.slice(0, 10)) console.log(`contradiction: ${each}`);
    if (!outcome.isComplete) console.log('It stood still before it had all its commits and kills.');
    const more = contradictions.length === 0 ? '' : `, ${contradictions.length} contradictions`;
    const where = values.failover
      ? `, failovers with ${confirm} replicas confirming`
      : values.persistence === 'always'
        ? ''
        : `, persistence ${values.persistence}`;
    console.log(
      `torture: ${acknowledged} acknowledged commits, ${kills} kills: ${lost} lost, ` +
        `${doubled} doubled, ${outOfOrder} out of order${more} (seed ${seed}${where})`,
    );
    // Without confirmation, a failover may lose what was acknowledged: that is measured, not wrong.
    const mayLose = values.failover && confirm === 0;
    const isRight = outcome.isGood || (mayLose && isGoodButForLost(outcome));
    process.exitCode = isRight && outcome.isComplete ? 0 : 1;
  } finally {
    await servers.stop();
  }
} catch (error) {
  console.error(reasonOf(error));
  process.exitCode = 1;
}

function isGoodButForLost(outcome: Awaited<ReturnType<typeof torture>>): boolean {
  return outcome.doubled + outcome.outOfOrder + outcome.contradictions.length === 0;
}

function count(name: 'seed' | 'commits' | 'kills' | 'clients' | 'seconds' | 'confirm'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`--${name} must be a whole number from 0.`);
}

function persistence(name: string): Persistence {
  if (isPersistence(name)) return name;
  throw new RangeError(`--persistence must be one of ${Object.keys(persistences).join(', ')}.`);
}
