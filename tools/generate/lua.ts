import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { lintLua } from './lint-lua.ts';

/** What is wrong with a script, with its path and line. */
export function luaFaults(root: string, path: string): string[] {
  return lintLua(readFileSync(join(root, path), 'utf8')).map((fault) => `${path}:${fault}`);
}

/** The module that exports a script, and the hash by which a server knows it. */
export function luaModule(root: string, path: string): string {
  const text = bareLua(readFileSync(join(root, path), 'utf8'));
  const sha1 = createHash('sha1').update(text).digest('hex');
  const name = basename(path, '.lua').replace(/-(?<letter>\w)/g, (_, letter: string) =>
    letter.toUpperCase(),
  );
  return `// Written by \`npm run generate\` from ${basename(path)}: change that.

export const ${name}Script = {
  sha1: '${sha1}',
  text: \`${text.replace(/[\\`]|\$(?=\{)/g, '\\$&')}\`,
};
`;
}

/**
 * A script without indentation and the lines that are comments. Their ends stay: a server's error
 * names the line of the file.
 */
function bareLua(text: string): string {
  const lines = text.split('\n').map((line) => (/^\s*--/.test(line) ? '' : line.trimStart()));
  // Either would make what stands at the beginning of a line part of a string.
  if (lines.some((line) => /\[=*\[|\\$/.test(line))) {
    throw new Error('Strings of several lines are not understood: join them from lines.');
  }
  return lines.join('\n');
}
