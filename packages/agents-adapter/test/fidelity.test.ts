import { AgentsSession } from '@agent-sessions/agents-adapter';
import { expect, test } from '@jest/globals';
import { protocol } from '@openai/agents-core';
import fc from 'fast-check';

import { generatedItem } from './generated-items.ts';
import { useRedis } from './stores.ts';

// With FIDELITY_ITEMS=100000 the long run; FIDELITY_SEED repeats one.
const count = Number(process.env['FIDELITY_ITEMS'] ?? 3000);
const seed = Number(process.env['FIDELITY_SEED'] ?? Date.now() % 2 ** 31);
const batchSize = 100;

const { store, newSessionId, command } = useRedis();

test(`${count} generated items come back equal from RedisJSON`, async () => {
  console.log(`FIDELITY_SEED=${seed}`);
  const variants = new Map<number, number>();
  const seen = { items: 0, native: 0, binary: 0 };

  const batch = fc.array(generatedItem, { minLength: batchSize, maxLength: batchSize });
  await fc.assert(
    fc.asyncProperty(batch, async (items) => {
      const sessionId = newSessionId();
      const session = new AgentsSession({ store, sessionId });
      await session.addItems(items);
      const back = await session.getItems();
      items.forEach((item, index) => {
        const difference = differenceOf(item, back[index], `items[${index}]`);
        if (difference !== undefined) throw new Error(difference);
        const variant = protocol.ModelItem.options.findIndex(
          (each) => each.safeParse(item).success,
        );
        variants.set(variant, (variants.get(variant) ?? 0) + 1);
        if (holdsBinary(item)) seen.binary += 1;
      });
      expect(back).toHaveLength(items.length);
      const asText = await command('JSON.TYPE', `session:${sessionId}`, '$.messages[*].exact');
      seen.native += items.length - (Array.isArray(asText) ? asText.length : 0);
      seen.items += items.length;
      await session.conversation.delete();
    }),
    { seed, numRuns: Math.ceil(count / batchSize) },
  );

  console.log(
    `${seen.items} items of ${variants.size} variants came back equal, ${seen.native} of them kept as native JSON, ${seen.binary} with binary`,
  );
  expect(seen.items).toBeGreaterThanOrEqual(count);
  expect(variants.size).toBe(protocol.ModelItem.options.length);
}, 3_600_000);

test.each<[unknown, unknown]>([
  [{ a: 0 }, { a: -0 }],
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ],
  [[], {}],
  [{}, { a: undefined }],
  [{ a: [] }, { a: [null] }],
  [Buffer.from('a'), new Uint8Array([97])],
  [new Uint8Array([97]), new Uint8Array([98])],
  [new ArrayBuffer(1), new Uint8Array(1)],
  [Object.fromEntries([['__proto__', 1]]), {}],
])('The comparison above tells %p from %p', (given, back) => {
  expect(differenceOf(given, given, 'it')).toBeUndefined();
  expect(differenceOf(given, back, 'it')).toMatch(/^it/);
});

/** Where two values differ, and how; in the order of keys, in -0 and in kinds of binary, too. */
function differenceOf(given: unknown, back: unknown, path: string): string | undefined {
  if (typeof given !== 'object' || given === null) {
    return Object.is(given, back) ? undefined : `${path} was ${show(given)} and is ${show(back)}`;
  }
  const kinds = [kindOf(given), kindOf(back)];
  if (kinds[0] !== kinds[1]) return `${path} was ${kinds[0]} and is ${kinds[1]}`;
  const [before, after] = [Object.entries(partsOf(given)), Object.entries(partsOf(back))];
  const keys = [before, after].map((entries) => JSON.stringify(entries.map(([key]) => key)));
  if (keys[0] !== keys[1]) return `${path} had the members ${keys[0]} and has ${keys[1]}`;
  for (const [index, [key, member]] of before.entries()) {
    const difference = differenceOf(member, after[index]?.[1], `${path}[${JSON.stringify(key)}]`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function kindOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return 'a Buffer';
  const kind = Object.prototype.toString.call(value);
  const prototype: unknown = typeof value === 'object' && value && Object.getPrototypeOf(value);
  return kind === '[object Object]' && prototype !== Object.prototype ? 'an exotic object' : kind;
}

function partsOf(value: unknown): object {
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (value instanceof Uint8Array) return [...value];
  return typeof value === 'object' && value !== null ? value : {};
}

function show(value: unknown): string {
  return Object.is(value, -0) ? '-0' : (JSON.stringify(value) ?? 'undefined');
}

function holdsBinary(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return true;
  return Object.values(value).some(holdsBinary);
}
