import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Tests whose title begins with the number of a failure, in the source of a test file. */
export interface NumberedTests {
  readonly number: string;
  /** The title as it is written; of tests made from a table, with the places it fills in. */
  readonly title: string;
  /** From the root of the repository. */
  readonly file: string;
}

/** Begins with a number where it is a title: of a test, or of a group of tests. */
const numberedTitle =
  /(?<quote>['"`])(?<title>(?<number>F(?:\d+|size)|[A-D]\d+) [^\n]*?)\k<quote>/g;

/** For Jest, which matches the titles of a test and its groups, joined by spaces. */
export const numberedPattern = '(^| )(F([0-9]+|size)|[A-D][0-9]+) ';

/** The numbered tests of all packages, in the order of files and of their lines. */
export function findNumberedTests(root: string): NumberedTests[] {
  return testFiles(root).flatMap((file) =>
    numberedTestsIn(file, readFileSync(join(root, file), 'utf8')),
  );
}

/** The numbered tests of a file with this text. */
export function numberedTestsIn(file: string, text: string): NumberedTests[] {
  return Array.from(text.matchAll(numberedTitle), ({ groups }) => ({
    number: groups?.['number'] ?? '',
    title: groups?.['title'] ?? '',
    file,
  }));
}

function testFiles(root: string): string[] {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`);
  return [...packages, 'examples'].flatMap((folder) => {
    const tests = join(root, folder, 'test');
    if (!existsSync(tests)) return [];
    const names = readdirSync(tests).filter((name) => name.endsWith('.test.ts'));
    return names.toSorted().map((name) => `${folder}/test/${name}`);
  });
}

/** Whether Jest's name of a test, with those of its groups, is that of one of these tests. */
export function isNamed({ title }: NumberedTests, fullName: string): boolean {
  // What a table or a template fills in.
  const fixed = title.split(/%[a-z#]|\$\{[^}]*\}|\$\w+/);
  const pattern = fixed.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*');
  return new RegExp(`(^| )${pattern}`, 's').test(fullName);
}
