import { generate } from './generate.ts';
import type { Operation } from './operation.ts';
import { Divergence, play } from './play.ts';
import { shrink } from './shrink.ts';
import { storeCount, type Universe } from './world.ts';

export interface FuzzOptions {
  /** How many operations to play. */
  readonly operations: number;
  readonly seed: number;
  /** Whether what diverges is made as small as it gets. @defaultValue true */
  readonly isShrunk?: boolean;
  readonly log?: (line: string) => void;
}

export interface Found {
  /** How the driver differs. */
  readonly difference: string;
  /** The smallest list of operations found after which it does. */
  readonly operations: readonly Operation[];
  /** Of the world, so that it can be played alone. */
  readonly seed: number;
}

/** So many operations are played in one world: enough to meet, few enough to be made smaller. */
const operationsInWorld = 250;

/**
 * Plays operations, world after world, until the driver differs from the model or all are played.
 *
 * @returns how it differs, `undefined` where it does not
 */
export async function fuzz(
  universe: Universe,
  { operations, seed, isShrunk = true, log = () => {} }: FuzzOptions,
): Promise<Found | undefined> {
  for (let played = 0, world = seed; played < operations; world += 1) {
    const count = Math.min(operationsInWorld, operations - played);
    const made = generate({ seed: world, operations: count, stores: storeCount });
    const found = await divergenceOf(universe, made);
    if (found) {
      log(`seed ${world}, operation ${found.index}: ${found.message}`);
      const upTo = made.slice(0, found.index + 1);
      const isSame = async (less: readonly Operation[]) =>
        (await divergenceOf(universe, less))?.kind === found.kind;
      const least = isShrunk ? await shrink(upTo, isSame) : upTo;
      return { difference: found.message, operations: least, seed: world };
    }
    played += count;
    if (played % 10_000 < count) log(`${played} operations`);
  }
  return undefined;
}

/** How a driver differs after these operations. */
export async function divergenceOf(
  universe: Universe,
  operations: readonly Operation[],
): Promise<Divergence | undefined> {
  const world = await universe.newWorld();
  try {
    await play(world, operations);
    return undefined;
  } catch (error) {
    if (error instanceof Divergence) return error;
    throw error;
  } finally {
    await world.close();
  }
}
