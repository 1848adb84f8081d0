import {
  canonicalJson,
  copyJson,
  copyJsonObject,
  parseJson,
  stringifyJson,
} from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

const jsonValue = fc.jsonValue({ noUnicodeString: false, maxDepth: 8 });

describe('copyJson', () => {
  test('copies what JSON can carry, and shares nothing', () => {
    const value = { b: [1, 'x', null, { deep: true }], a: {} };
    const copy = copyJson(value, 'value');
    expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
    value.b.push('later');
    expect(copy).toEqual({ b: [1, 'x', null, { deep: true }], a: {} });
  });

  test('agrees with JSON.stringify on every value that JSON can carry', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(JSON.stringify(copyJson(value, 'value'))).toBe(JSON.stringify(value));
      }),
    );
  });

  test.each([
    ['drops members that are undefined', { a: undefined, b: 1 }, { b: 1 }],
    ['keeps the places of an array', [undefined, 1], [null, 1]],
    ['makes a Date its ISO string', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['takes what toJSON says', { url: new URL('redis://x') }, { url: 'redis://x' }],
    [
      'takes the members of an object of any class',
      new (class {
        a = 1;
      })(),
      { a: 1 },
    ],
    ['takes an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ])('%s', (_name, value, expected) => {
    expect(copyJson(value, 'value')).toEqual(expected);
  });

  test('keeps -0, and members named like parts of Object', () => {
    const value: unknown = JSON.parse('{"__proto__":{"x":1},"constructor":2,"zero":-0}');
    const copy = copyJsonObject(value, 'value');
    expect(stringifyJson(copy)).toBe('{"__proto__":{"x":1},"constructor":2,"zero":-0}');
    expect(Object.getPrototypeOf(copy)).not.toHaveProperty('x');
  });

  const cycle: { self?: object } = {};
  cycle.self = cycle;
  const deep = JSON.parse(`${'['.repeat(1001)}${']'.repeat(1001)}`) as unknown;

  test.each([
    ['a BigInt', { a: [0, { b: 1n }] }, 'value.a[1].b', /bigint/],
    ['a function', { a: () => 1 }, 'value.a', /function/],
    ['a symbol', { a: Symbol('s') }, 'value.a', /symbol/],
    ['a symbol as a name', { [Symbol('s')]: 1 }, 'value[Symbol(s)]', /symbol/],
    ['NaN', { a: Number.NaN }, 'value.a', /NaN/],
    ['Infinity', [Infinity], 'value[0]', /Infinity/],
    [
      'an accessor',
      {
        get a() {
          return 1;
        },
      },
      'value.a',
      /accessor/,
    ],
    ['a cycle', cycle, 'value.self', /contains/],
    ['what is too deep', deep, `value${'[0]'.repeat(1000)}`, /deeper/],
    ['a Map', { a: new Map() }, 'value.a', /Map/],
    ['a Set', { a: new Set() }, 'value.a', /Set/],
    ['a RegExp', { a: /x/ }, 'value.a', /RegExp/],
    ['a Buffer', { a: Buffer.from('x') }, 'value.a', /binary/],
    ['undefined itself', undefined, 'value', /undefined/],
    ['a name that is no identifier', { 'a b': 1n }, 'value["a b"]', /bigint/],
  ])('refuses %s and says where it is', (_name, value, field, fault) => {
    const error = errorOf(() => copyJson(value, 'value'));
    expect(error).toMatchObject({ name: 'SessionError', code: 'unstorable_value', field });
    expect(error).toHaveProperty('message', expect.stringMatching(fault));
  });

  test('refuses what is not an object where one must be', () => {
    expect(errorOf(() => copyJsonObject([], 'item'))).toMatchObject({ field: 'item' });
  });
});

test('stringifyJson is JSON.stringify, but for -0', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      const plain = copyJson(value, 'value');
      const text = stringifyJson(plain);
      expect(text.replaceAll('-0', '0')).toBe(JSON.stringify(plain).replaceAll('-0', '0'));
      expect(parseJson(text)).toEqual(plain);
    }),
  );
  expect(stringifyJson([-0, 0])).toBe('[-0,0]');
});

test('canonicalJson does not depend on the order of keys', () => {
  expect(canonicalJson({ b: [{ y: 1, x: 2 }], a: 0 })).toBe('{"a":0,"b":[{"x":2,"y":1}]}');
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
});

function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('It was expected to throw.');
}
