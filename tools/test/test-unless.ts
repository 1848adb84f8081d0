import { test } from '@jest/globals';

/** A test that is listed as skipped, with the reason, where something prevents it. */
export function testUnless(problem: string | undefined) {
  return (name: string, body: () => Promise<void>): void => {
    if (problem === undefined) test(name, body);
    else test.skip(`${name} (skipped: ${problem})`, body);
  };
}
