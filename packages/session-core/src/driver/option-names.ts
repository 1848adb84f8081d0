import { outOfRange, wrongType } from '../contract/errors.ts';

/**
 * Refuses options that a driver does not know, so that a misspelt one is not ignored in silence.
 *
 * @param known - the names of all options that there are
 * @throws TypeError or RangeError `invalid_argument` naming the option, and the one that may be meant
 */
export function checkOptionNames(options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) {
    throw wrongType('options', 'must be an object.');
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const advice =
      meant === undefined ? `there are ${known.join(', ')}.` : `did you mean \`${meant}\`?`;
    throw outOfRange(name.slice(0, 64), `is no option here; ${advice}`);
  }
}

/** The name that is meant, if one is near: it differs in case, in underscores or in two letters. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '');
  const same = known.find((each) => plain(each) === plain(name));
  if (same !== undefined) return same;
  const [best] = known
    .map((each) => ({ each, distance: editDistance(plain(each), plain(name).slice(0, 64)) }))
    .toSorted((one, other) => one.distance - other.distance);
  return best && best.distance <= 2 ? best.each : undefined;
}

/** How many letters have to be put in, taken out or changed to make one text of the other. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of one.split('').entries()) {
    const above = row;
    row = [at + 1];
    for (let column = 1; column <= other.length; column += 1) {
      const changed = (above[column - 1] ?? 0) + (other[column - 1] === letter ? 0 : 1);
      row.push(Math.min(changed, (above[column] ?? 0) + 1, (row[column - 1] ?? 0) + 1));
    }
  }
  return row[other.length] ?? 0;
}
