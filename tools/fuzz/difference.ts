/** The driver did something else than the model says. */
export class Difference extends Error {
  override readonly name = 'Difference';
}

/**
 * Holds one JSON value against another: the order of keys counts, and -0 is not 0.
 *
 * @throws Difference
 */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [exactText(actual), exactText(expected)];
  if (got === wanted) return;
  let from = 0;
  while (got[from] === wanted[from]) from += 1;
  const part = (text: string) => text.slice(Math.max(from - 60, 0), from + 160);
  throw new Difference(`${what}: got …${part(got)}…, expected …${part(wanted)}…`);
}

/** Text that is the same for values that are the same; members that are `undefined` are not there. */
export function exactText(value: unknown, isSorted = false): string {
  if (value === undefined) return 'undefined';
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((each) => exactText(each, isSorted)).join()}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (isSorted) members.sort(([one], [other]) => (one < other ? -1 : 1));
  const texts = members.map(([key, member]) => {
    return `${JSON.stringify(key)}:${exactText(member, isSorted)}`;
  });
  return `{${texts.join()}}`;
}

/** A time as well as it is known. */
export interface Between {
  readonly fromMs: number;
  readonly toMs: number;
}

export function exactly(timeMs: number): Between {
  return { fromMs: timeMs, toMs: timeMs };
}

/** @throws Difference where the time cannot be that */
export function within(timeMs: number, { fromMs, toMs }: Between, what: string): void {
  if (timeMs >= fromMs && timeMs <= toMs) return;
  throw new Difference(`${what}: got ${timeMs}, expected ${fromMs} to ${toMs}`);
}
