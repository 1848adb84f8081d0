import { areOperations, type Operation } from './operation.ts';

type Fails = (operations: readonly Operation[]) => Promise<boolean>;

/** Makes a list of operations that fails as small as it gets, first by leaving some out. */
export async function shrink(
  operations: readonly Operation[],
  fails: Fails,
): Promise<readonly Operation[]> {
  let least = operations;
  for (let size = Math.ceil(least.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < least.length;) {
      const less = least.toSpliced(from, size);
      if (less.length > 0 && (await fails(less))) least = less;
      else from += size;
    }
  }
  return simplify(least, fails);
}

/** Then by making simpler what is left, as long as that helps. */
async function simplify(
  operations: readonly Operation[],
  fails: Fails,
): Promise<readonly Operation[]> {
  let least = operations;
  for (let isSimpler = true; isSimpler;) {
    isSimpler = false;
    for (const candidate of simpler(least)) {
      if (!areOperations(candidate) || !(await fails(candidate))) continue;
      least = candidate;
      isSimpler = true;
      break;
    }
  }
  return least;
}

/** All values that are one step simpler than a value, the simplest first. */
function* simpler(value: unknown): Generator {
  if (typeof value === 'string' && value.length > 1) yield* ['a', value.slice(0, value.length / 2)];
  if (typeof value === 'number' && value !== 0 && value !== 1) yield* [0, 1];
  if (Array.isArray(value)) {
    for (const index of value.keys()) yield value.toSpliced(index, 1);
    for (const [index, entry] of value.entries()) {
      for (const less of simpler(entry)) yield value.with(index, less);
    }
  } else if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    for (const index of members.keys()) yield Object.fromEntries(members.toSpliced(index, 1));
    for (const [index, [key, member]] of members.entries()) {
      for (const less of simpler(member)) {
        yield Object.fromEntries(members.with(index, [key, less]));
      }
    }
  }
}
