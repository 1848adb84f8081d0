import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The module that exports the text of a page, so that no file has to be found at run time. */
export function pageModule(root: string, path: string): string {
  const text = readFileSync(join(root, path), 'utf8');
  const name = basename(path, '.html');
  return `// Written by \`npm run generate\` from ${basename(path)}: change that.

export const ${name}Html = \`${text.replace(/[\\`]|\$(?=\{)/g, '\\$&')}\`;
`;
}
