import type { JsonValue } from '@agent-sessions/session-core';

/** The whole document may nest 125 deep on Redis 8; this leaves room for what stands around. */
const maxNativeDepth = 100;

/** Whether RedisJSON gives a value back as it got it, on every version. */
export function isKeptExactly(value: JsonValue, depth = 1): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return isKeptNumber(value);
  if (value === null || typeof value !== 'object') return true;
  if (depth >= maxNativeDepth) return false;
  if (Array.isArray(value)) return value.every((entry) => isKeptExactly(entry, depth + 1));
  return Object.entries(value).every(
    ([key, member]) => isKeptKey(key) && isKeptExactly(member, depth + 1),
  );
}

/**
 * What node-redis reads goes through `JSON.parse`, which may mix up keys with an escape; see
 * `parseJson`.
 */
function isKeptKey(key: string): boolean {
  return !/["\\\p{Cc}\p{Cs}]/u.test(key);
}

/**
 * RedisJSON parses a fraction as digits times a power of ten, which is exact to 15 digits and to
 * 10^22 only: 6.86e-21 comes back one unit off, on every version. JavaScript writes what is smaller
 * than 1e-6 or larger than 1e21 with an exponent.
 */
function isKeptNumber(value: number): boolean {
  if (Number.isSafeInteger(value)) return !Object.is(value, -0);
  const text = String(value);
  return !text.includes('e') && text.replace(/^-?0?\.?0*|\.|-/g, '').length <= 15;
}
