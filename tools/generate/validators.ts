import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { IsSchema, type TSchema } from 'typebox';
import { Build } from 'typebox/schema';

/** The schemas that a module exports, by name. */
export async function schemasOf(
  root: string,
  path: string,
): Promise<readonly (readonly [name: string, schema: TSchema])[]> {
  const module: unknown = await import(pathToFileURL(join(root, path)).href);
  if (typeof module !== 'object' || module === null) return [];
  const exports = Object.entries<unknown>({ ...module });
  return exports.flatMap(([name, value]) => (IsSchema(value) ? [[name, value]] : []));
}

/** The module that exports a validator for each schema of another, and needs no typebox. */
export async function validatorsModule(root: string, path: string): Promise<string> {
  const schemas = await schemasOf(root, path);
  const names = schemas.map(([name]) => name).join(', ');
  return `// Written by \`npm run generate\` from ${basename(path)}: change that.
// @ts-nocheck What typebox writes has no types of its own.
import type { ${names} } from './${basename(path)}';
${schemas.map(([name, schema]) => validator(name, schema)).join('')}`;
}

/** As `Code()` of `typebox/compile` has it, whose modules import typebox whether they use it or not. */
function validator(name: string, schema: TSchema): string {
  const build = Build(schema);
  const functions = build.Functions().join(';\n');
  const usesTypebox =
    build.UseUnevaluated() ||
    build.External().variables.length > 0 ||
    /\b(Guard|Hashing)\./.test(functions);
  if (usesTypebox) {
    throw new Error(
      `The validator of ${name} would need typebox at run time. Say it without formats, patterns, refinements, lengths of text and unique items: a text that is not empty is { type: 'string', not: { const: '' } }.`,
    );
  }
  const own = (code: string) => code.replace(/\bcheck_(?=\d)/g, `check${name}`);
  return `
${own(functions)};
export function is${name}(value: unknown): value is ${name} {
  return ${own(build.Entry())};
}
`;
}
