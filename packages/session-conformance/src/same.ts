import assert from 'node:assert/strict';

import { copyJson, stringifyJson } from '@agent-sessions/session-core';

/**
 * Holds one JSON value against another: key order counts, and -0 is not 0. Not `deepEqual`, which
 * looks at prototypes: under Jest those of the host are others than those of the test.
 */
export function same(actual: unknown, expected: unknown, what = 'the answer'): void {
  const [got, wanted] = [jsonText(actual), jsonText(expected)];
  if (got === wanted) return;
  const from = Math.max(firstDifference(got, wanted) - 60, 0);
  const part = (text: string) => `${from > 0 ? '…' : ''}${text.slice(from, from + 240)}`;
  assert.fail(
    `${what} is not what it must be\n  got      ${part(got)}\n  expected ${part(wanted)}`,
  );
}

/** The text that {@link same} compares. */
function jsonText(value: unknown): string {
  return value === undefined ? 'undefined' : stringifyJson(copyJson(value, 'value'));
}

function firstDifference(one: string, other: string): number {
  let index = 0;
  while (index < one.length && one[index] === other[index]) index += 1;
  return index;
}
