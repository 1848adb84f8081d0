import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import Type, { type TSchema } from 'typebox';
import { Value } from 'typebox/value';

import { sourceFiles } from '../generate/generated-modules.ts';
import { schemasOf, validatorsModule } from '../generate/validators.ts';

const root = process.cwd();

test('generated validators judge as the schemas do', async () => {
  const judged: string[] = [];
  for (const path of sourceFiles(root, '.schema.ts')) {
    const validators = await exportsOf(path.replace(/schema\.ts$/, 'validators.ts'));
    for (const [name, schema] of await schemasOf(root, path)) {
      const verdicts = new Set<unknown>();
      const judge = (value: unknown) => {
        const verdict = validators[`is${name}`]?.(value);
        verdicts.add(verdict);
        expect(verdict).toBe(Value.Check(schema, value));
      };
      fc.assert(fc.property(valueLike(schema), judge), { numRuns: 500 });
      expect({ name, verdicts }).toEqual({ name, verdicts: new Set([true, false]) });
      judged.push(name);
    }
  }
  expect(judged).toEqual(expect.arrayContaining(['Message', 'SessionState', 'StoredMessage']));
});

test('a schema whose validator would need typebox is refused', async () => {
  const module = validatorsModule(root, 'tools/test/demanding.schema.ts');
  await expect(module).rejects.toThrow('The validator of Name would need typebox at run time.');
});

/** The functions that a module exports. */
async function exportsOf(path: string) {
  return (await import(`${root}/${path}`)) as Record<string, (value: unknown) => unknown>;
}

/** What a schema allows, now and then with something else in its place, at any depth. */
function valueLike(schema: TSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 30, arbitrary: allowedBy(schema) }, { weight: 1, arbitrary: odd });
}

const odd = fc.constantFrom<unknown[]>(
  ...['', 'user', 0, -1, 0.5, 1e300, NaN, Infinity, 1n, null, undefined, true],
  ...[[], {}, [null], [''], [['']], { length: 1 }, new Date(0), Symbol('odd')],
);

function allowedBy(schema: TSchema): fc.Arbitrary<unknown> {
  if (Type.IsObject(schema)) return membersOf(schema);
  if (Type.IsTuple(schema)) return fc.tuple(...schema.items.map(valueLike));
  if (Type.IsArray(schema)) return fc.array(valueLike(schema.items), { maxLength: 3 });
  if (Type.IsUnion(schema)) return fc.oneof(...schema.anyOf.map(valueLike));
  if (Type.IsEnum(schema)) return fc.constantFrom(...schema.enum);
  if (Type.IsLiteral(schema)) return fc.constant(schema.const);
  if (Type.IsInteger(schema)) return fc.nat();
  if (Type.IsNumber(schema)) return fc.double({ noNaN: true, noDefaultInfinity: true });
  if (Type.IsString(schema)) return fc.string();
  if (Type.IsNull(schema)) return fc.constant(null);
  return fc.jsonValue();
}

/** All members, or all but one. */
function membersOf({ properties }: Type.TObject): fc.Arbitrary<unknown> {
  const members = Object.entries(properties).map(
    ([name, schema]) => [name, valueLike(schema)] as const,
  );
  const missing = fc.nat({ max: 4 * members.length });
  return fc
    .tuple(fc.record(Object.fromEntries(members)), missing)
    .map(([all, left]) => Object.fromEntries(Object.entries(all).filter((_, at) => at !== left)));
}
