import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/schema';

/** What a program of this folder was started with; see `startChild`. */
export function childInput<Schema extends TSchema>(schema: Schema): Static<Schema> {
  const input: unknown = JSON.parse(process.argv[2] ?? '');
  const checked = Compile(schema);
  if (checked.Check(input)) return input;
  throw new TypeError('The program was started with something else than it needs.');
}
