import { hash, randomUUID } from 'node:crypto';

import { outOfRange, wrongType } from '../contract/errors.ts';
import { canonicalJson, copyJson, copyJsonObject } from './json.ts';
import {
  type JsonValue,
  type Message,
  type NewMessage,
  type Role,
  roles,
} from '../contract/message.ts';
import { aborted } from './refusals.ts';
import type {
  Commit,
  ReadQuery,
  SessionAccess,
  SessionInit,
  SessionMark,
} from '../contract/store.ts';

/** Longest id and agent name, in UTF-16 units. */
const maxNameLength = 512;
/** Longest TTL: 2^53 - 1 ms would overflow what Redis adds it to. About 3,000 years. */
const maxTtlMs = 1e14;
/** The range of a Date. */
const maxTimeMs = 8.64e15;
/** More messages than any store holds, and small enough for every store's own integers. */
const maxCount = 2 ** 31 - 1;

/** A commit as a driver gets it: checked, complete, and detached from what the caller passed. */
export interface CheckedCommit extends CheckedInit {
  readonly operationId: string;
  /** Stands for the content: equal for two commits that ask for the same change. */
  readonly fingerprint: string;
  /** How many messages to drop; more than any session has for all of them. */
  readonly drop: number;
  /** Complete messages; `undefined` where the commit must not create a session. */
  readonly append: readonly Message[] | undefined;
  /** Sum of the token counts in `append`. */
  readonly appendTokens: number;
  readonly expect: Commit['expect'];
  readonly returnDropped: boolean;
  readonly forgetOperations: boolean;
  readonly agent: string | undefined;
}

/** A {@link SessionInit} as a driver gets it. */
export interface CheckedInit {
  readonly userId: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly ttlMs: number | undefined;
  /** The epoch for the session, if it is created now. */
  readonly newEpoch: string;
  /** The present, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** A {@link ReadQuery} as a driver gets it. */
export interface CheckedQuery {
  /** `undefined` reads all; never negative. */
  readonly last: number | undefined;
  readonly role: Role | undefined;
  readonly since: SessionMark | undefined;
  readonly userId: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A fresh operation id, to be kept until the commit is known to be done. */
export function newOperationId(): string {
  return randomUUID();
}

/** @throws TypeError or RangeError `invalid_argument` if it cannot be the id of a session */
export function checkSessionId(sessionId: string): string {
  return checkName('sessionId', sessionId);
}

/**
 * The user who asks.
 *
 * @throws TypeError or RangeError `invalid_argument`
 * @throws SessionError `aborted` if the signal is
 */
export function checkAccess({ userId, signal }: SessionAccess = {}): string | undefined {
  if (signal?.aborted) throw aborted(signal);
  return checkOptionalName('userId', userId);
}

/** @throws TypeError or RangeError `invalid_argument` */
export function checkInit(init: SessionInit = {}): CheckedInit {
  return {
    userId: checkAccess(init),
    signal: init.signal,
    ttlMs: checkTtlMs('ttlMs', init.ttlMs),
    newEpoch: randomUUID(),
    nowMs: Date.now(),
  };
}

/**
 * @throws TypeError or RangeError `invalid_argument` naming the field
 * @throws SessionError `unstorable_value` naming the place of what JSON cannot carry
 */
export function checkCommit(commit: Commit): CheckedCommit {
  const { userId, signal, ttlMs, newEpoch, nowMs } = checkInit(commit);
  const append = commit.append && checkMessages(commit.append, nowMs);
  const drop = commit.drop === 'all' ? maxCount : checkDrop(commit.drop);
  const { returnDropped = false, forgetOperations = false } = commit;
  const agent = checkOptionalName('agent', commit.agent);
  const content =
    commit.intent === undefined
      ? contentOf({ drop, append, returnDropped, forgetOperations, agent })
      : copyJson(commit.intent, 'intent');
  return {
    userId,
    signal,
    ttlMs,
    newEpoch,
    nowMs,
    operationId: checkName('operationId', commit.operationId),
    fingerprint: fingerprint(content),
    drop,
    append,
    appendTokens: append?.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0) ?? 0,
    expect: copyExpectation(commit.expect),
    returnDropped,
    forgetOperations,
    agent,
  };
}

/** @throws TypeError or RangeError `invalid_argument` */
export function checkQuery(query: ReadQuery = {}): CheckedQuery {
  const { last, role, since } = query;
  if (since !== undefined && (last !== undefined || role !== undefined)) {
    throw outOfRange('since', 'reads all that was added; leave out `last` and `role`.');
  }
  return {
    last: last === undefined ? undefined : clampLimit('last', last),
    role: role === undefined ? undefined : checkRole('role', role),
    since: since && checkMark('since', since),
    userId: checkAccess(query),
    signal: query.signal,
  };
}

/** A limit counts from 0; less gives nothing, as in the Agents SDK. */
function clampLimit(field: string, limit: number): number {
  checkInteger(field, limit);
  return Math.min(Math.max(limit, 0), maxCount);
}

function checkMessages(messages: readonly NewMessage[], nowMs: number): Message[] {
  checkArray('append', messages);
  return messages.map((message, index) => checkMessage(message, `append[${index}]`, nowMs));
}

function checkArray(field: string, value: unknown): void {
  if (!Array.isArray(value)) throw wrongType(field, 'must be an array of messages.');
}

function checkMessage(message: NewMessage, path: string, nowMs: number): Message {
  if (typeof message !== 'object' || message === null) {
    throw wrongType(path, 'must be a message: an object with a role and content.');
  }
  const { tokens = null, agent = null } = message;
  const item = message.item === undefined ? undefined : checkItem(message.item, `${path}.item`);
  const checked: Message = {
    id: checkOptionalName(`${path}.id`, message.id) ?? newMessageId(),
    role: checkRole(`${path}.role`, message.role),
    content: checkContent(message, item?.['content'], path),
    timestampMs: checkOptionalTime(`${path}.timestampMs`, message.timestampMs) ?? nowMs,
    agent: agent === null ? null : checkName(`${path}.agent`, agent),
    tokens: tokens === null ? null : (checkCount(`${path}.tokens`, tokens) ?? null),
  };
  return item === undefined ? checked : { ...checked, item };
}

/** As the Python class has them: 16 hexadecimal digits. */
function newMessageId(): string {
  const uuid = randomUUID();
  return uuid.slice(19, 23) + uuid.slice(24);
}

function checkItem(item: object, path: string) {
  if (typeof item !== 'object' || item === null) {
    throw wrongType(path, 'must be an object, the item of the SDK.');
  }
  return copyJsonObject(item, path);
}

function checkContent(
  message: NewMessage,
  itemContent: JsonValue | undefined,
  path: string,
): JsonValue {
  if (message.content !== undefined) return copyJson(message.content, `${path}.content`);
  if (message.item === undefined) {
    throw wrongType(`${path}.content`, 'is missing; give the text of the message, or its parts.');
  }
  return itemContent ?? '';
}

/** @throws TypeError or RangeError `invalid_argument` if it is none of the roles */
function checkRole(field: string, role: Role): Role {
  if (roles.includes(role)) return role;
  throw outOfRange(field, `must be one of ${roles.join(', ')}.`);
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

function checkOptionalName(field: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : checkName(field, name);
}

/** More than any session has is all of them. */
function checkDrop(drop = 0): number {
  checkInteger('drop', drop);
  if (drop < 0) throw outOfRange('drop', 'must be a whole number from 0.');
  return Math.min(drop, maxCount);
}

function checkCount(field: string, count: number | undefined): number | undefined {
  if (count === undefined) return undefined;
  checkInteger(field, count);
  if (count < 0 || count > maxCount) throw outOfRange(field, `must be from 0 to ${maxCount}.`);
  return count;
}

function checkOptionalTime(field: string, timeMs: number | undefined): number | undefined {
  if (timeMs === undefined) return undefined;
  checkInteger(field, timeMs);
  if (Math.abs(timeMs) <= maxTimeMs) return timeMs;
  throw outOfRange(field, 'must be a time that a Date can have.');
}

function checkInteger(field: string, value: number): void {
  if (typeof value !== 'number') throw wrongType(field, 'must be a number.');
  if (!Number.isSafeInteger(value)) throw outOfRange(field, 'must be a whole number.');
}

function copyExpectation(expect: Commit['expect']): Commit['expect'] {
  if (expect === undefined || expect === null) return expect;
  if (typeof expect !== 'object' || typeof expect.epoch !== 'string') {
    throw wrongType('expect', 'must be a mark that a read or a commit answered with, or null.');
  }
  return 'generation' in expect ? checkMark('expect', expect) : { epoch: expect.epoch };
}

function checkMark(field: string, mark: SessionMark): SessionMark {
  const { epoch, generation, length, lastId } = mark;
  const isMark =
    typeof epoch === 'string' &&
    Number.isSafeInteger(generation) &&
    Number.isSafeInteger(length) &&
    length >= 0 &&
    (lastId === null || typeof lastId === 'string');
  if (!isMark) throw wrongType(field, 'must be a mark that a read or a commit answered with.');
  return { epoch, generation, length, lastId };
}

/** Ids and times do not count: a caller who repeats a commit may leave both to the store again. */
function contentOf(
  change: Pick<CheckedCommit, 'drop' | 'append' | 'returnDropped' | 'forgetOperations' | 'agent'>,
): JsonValue {
  const { drop, append, returnDropped, forgetOperations, agent = null } = change;
  const added = append?.map(({ role, content, item, agent: by, tokens }) => [
    role,
    item ?? content,
    by,
    tokens,
  ]);
  return [drop, added ?? null, returnDropped, forgetOperations, agent];
}

function fingerprint(content: JsonValue): string {
  return hash('sha256', canonicalJson(content), 'base64url').slice(0, 22);
}
