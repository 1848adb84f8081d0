// `npm run fuzz`: plays generated operations against the driver and a model of the contract, side by
// side, until they differ; then prints the shortest list of operations that shows it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';

import { parseJson } from '@agent-sessions/session-core';

import { reasonOf } from '../reason.ts';
import { jsonVersionNamed, provideRedis } from '../redis-server/index.ts';
import { exactText } from './difference.ts';
import { divergenceOf, type Found, fuzz } from './fuzz.ts';
import { areOperations, type Operation } from './operation.ts';
import { openUniverse, type Universe } from './world.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    /** Of RedisJSON: 2.6 or 2.8. */
    'json-version': { type: 'string' },
    /** A file with the operations to play, as this program writes it. */
    replay: { type: 'string' },
  },
});

try {
  const redis = await provideRedis({ version: jsonVersionNamed(values['json-version']) });
  try {
    const universe = await openUniverse(redis.url);
    try {
      await (values.replay === undefined ? run(universe) : replay(universe, values.replay));
    } finally {
      await universe.close();
    }
  } finally {
    await redis.stop();
  }
} catch (error) {
  console.error(reasonOf(error));
  process.exitCode = 1;
}

async function run(universe: Universe): Promise<void> {
  const [operations, seed] = [count('operations'), count('seed')];
  const found = await fuzz(universe, { operations, seed, log: console.log });
  if (found) report(found);
  else console.log(`fuzz: ${operations} operations, as the model has it (seed ${seed})`);
}

function report({ difference, operations, seed }: Found): void {
  const file = join(tmpdir(), `agent-sessions-fuzz-${seed}.json`);
  const lines = operations.map((operation) => exactText(operation));
  writeFileSync(file, `[\n${lines.join(',\n')}\n]\n`);
  console.log(lines.join('\n'));
  console.log(`fuzz: ${difference} (seed ${seed}; npm run fuzz -- --replay ${file})`);
  process.exitCode = 1;
}

async function replay(universe: Universe, file: string): Promise<void> {
  const divergence = await divergenceOf(universe, operationsIn(file));
  console.log(`fuzz: ${divergence?.message ?? 'as the model has it'}`);
  if (divergence) process.exitCode = 1;
}

function operationsIn(file: string): Operation[] {
  const operations = parseJson(readFileSync(file, 'utf8'));
  if (areOperations(operations)) return operations;
  throw new TypeError(`${file} has no operations.`);
}

function count(name: 'operations' | 'seed'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`--${name} must be a whole number from 0.`);
}
