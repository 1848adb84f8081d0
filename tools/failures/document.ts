import { posix } from 'node:path';

import { failures } from './failures.ts';
import type { NumberedTests } from './numbered-tests.ts';

/** Where the table is written down, from the root of the repository. */
export const documentFile = 'packages/session-redisjson/FAILURES.md';

/** The table of what is tested, as Markdown. */
export function failuresDocument(tests: readonly NumberedTests[]): string {
  const rows = Object.entries(failures).map(([number, failure]) => {
    const own = tests.filter((each) => each.number === number);
    const files = [...new Set(own.map(({ file }) => file))].map((file) => {
      const titles = own.filter((each) => each.file === file).map(({ title }) => `“${title}”`);
      const link = posix.relative(posix.dirname(documentFile), file);
      return `[${posix.basename(file)}](${link}): ${titles.join(', ')}`;
    });
    return `| ${number} | ${failure} | ${files.join('<br>').replaceAll('|', '\\|')} |`;
  });
  return `${introduction}\n\n| | what happens | the tests of it |\n|---|---|---|\n${rows.join('\n')}\n`;
}

const introduction = `# What must not break a session

Failures that users of session stores have reported, or that the software beneath is known to have. Each is a
test on a real server, on RedisJSON 2.6 and 2.8; after it the session holds exactly what was acknowledged, once,
in order. \`npm run failures\` runs them and prints this table with the results;
\`npm run failures -- --write\` writes this file, and a test holds it to the tests that exist.`;
