import { outOfRange, wrongType } from '../contract/errors.ts';
import type { SessionMark } from '../contract/store.ts';

/** Longest id and agent name, in UTF-16 units. */
const maxNameLength = 512;
/** Longest TTL: 2^53 - 1 ms would overflow what Redis adds it to. About 3,000 years. */
const maxTtlMs = 1e14;
/** The range of a Date. */
const maxTimeMs = 8.64e15;
/** More messages than any store holds, and small enough for every store's own integers. */
export const maxCount = 2 ** 31 - 1;

/** Options are an object, or are left out. */
export function checkOptions(field: string, options: unknown): void {
  if (options === undefined || (typeof options === 'object' && options !== null)) return;
  throw wrongType(field, 'must be an object; leave it out where there is nothing to say.');
}

/** An object that has members by their names. */
export function checkRecord(field: string, record: unknown): void {
  checkOptions(field, record);
  if (Array.isArray(record)) throw wrongType(field, 'must be an object, and is an array.');
}

/** A name is what callers choose to name things by: ids, users, agents. */
export function checkName(field: string, name: string): string {
  if (typeof name !== 'string') throw wrongType(field, 'must be a string.');
  if (name === '') throw outOfRange(field, 'must not be empty.');
  if (name.length > maxNameLength) {
    throw outOfRange(
      field,
      `is ${name.length} characters long, at most ${maxNameLength} are possible; use a hash of it instead.`,
    );
  }
  // In UTF-8 all lone surrogates look the same, so two names would meet in one.
  if (!name.isWellFormed()) throw outOfRange(field, 'must not have half a surrogate pair.');
  return name;
}

export function checkOptionalName(field: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : checkName(field, name);
}

/** Whether it can be the name of a value: documents that others have begun may hold any. */
export function isStateName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name);
}

/** Names of values stand in the paths of databases: nothing in them needs to be quoted there. */
export function checkStateName(field: string, name: string): string {
  if (typeof name !== 'string') throw wrongType(field, 'must be a string.');
  if (isStateName(name)) return name;
  throw outOfRange(
    field,
    'must be a name of 1 to 64 letters, digits and underscores that begins with a letter.',
  );
}

/** @throws TypeError or RangeError `invalid_argument` if it is no TTL in milliseconds */
export function checkTtlMs(field: string, ttlMs: number | undefined): number | undefined {
  if (ttlMs === undefined) return undefined;
  checkInteger(field, ttlMs);
  if (ttlMs >= 1 && ttlMs <= maxTtlMs) return ttlMs;
  throw outOfRange(
    field,
    `must be at least 1 and at most ${maxTtlMs}; leave it out for a session that never ends.`,
  );
}

export function checkTime(field: string, timeMs: number): number {
  checkInteger(field, timeMs);
  if (Math.abs(timeMs) <= maxTimeMs) return timeMs;
  throw outOfRange(field, 'must be a time that a Date can have.');
}

/** A whole number from 0. */
export function checkCount(field: string, count: number, most = maxCount): number {
  checkInteger(field, count);
  // Adding 0 makes one of -0, which would not come back as what it is.
  if (count >= 0 && count <= most) return count + 0;
  throw outOfRange(field, `must be a whole number from 0 to ${most}.`);
}

export function checkInteger(field: string, value: number): void {
  if (typeof value !== 'number') throw wrongType(field, 'must be a number.');
  if (!Number.isSafeInteger(value)) throw outOfRange(field, 'must be a whole number.');
}

export function checkFlag(field: string, flag: boolean | undefined): boolean {
  if (flag === undefined || typeof flag === 'boolean') return flag ?? false;
  throw wrongType(field, 'must be true or false.');
}

export function checkMark(field: string, mark: SessionMark): SessionMark {
  const isMark =
    typeof mark === 'object' &&
    mark !== null &&
    typeof mark.epoch === 'string' &&
    Number.isSafeInteger(mark.generation) &&
    Number.isSafeInteger(mark.length) &&
    mark.length >= 0 &&
    (mark.lastId === null || typeof mark.lastId === 'string');
  if (!isMark) throw wrongType(field, 'must be a mark that a read or a commit answered with.');
  const { epoch, generation, length, lastId } = mark;
  return { epoch, generation, length, lastId };
}
