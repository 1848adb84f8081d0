import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { fuzz } from '../../../tools/fuzz/fuzz.ts';
import { openUniverse, type Universe } from '../../../tools/fuzz/world.ts';
import { testRedisUrl } from './redis-for-tests.ts';

let universe: Universe;

beforeAll(async () => {
  universe = await openUniverse(testRedisUrl());
});
afterAll(() => universe.close());

// More of it, and with other seeds: npm run fuzz.
test('2,000 generated operations come to what a model of the contract says', async () => {
  const found = await fuzz(universe, { operations: 2000, seed: 1 });
  expect(found).toBeUndefined();
});
