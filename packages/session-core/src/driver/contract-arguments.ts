import { randomUUID } from 'node:crypto';

import { outOfRange, wrongType } from '../contract/errors.ts';
import { type Role, roles } from '../contract/message.ts';
import type {
  ImportedSession,
  ReadQuery,
  SessionAccess,
  SessionInit,
  SessionMark,
  StateQuery,
} from '../contract/store.ts';
import {
  checkInteger,
  checkMark,
  checkName,
  checkOptionalName,
  checkOptions,
  checkStateName,
  checkTime,
  checkTtlMs,
  maxCount,
} from './checks.ts';
import { aborted } from './refusals.ts';

/** A {@link SessionInit} as a driver gets it. */
export interface CheckedInit {
  readonly userId: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly ttlMs: number | undefined;
  /** The epoch for the session, if it is created now. */
  readonly newEpoch: string;
  /** The present, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** The times of the session, if it is created now and has others than the present. */
  readonly imported: Required<ImportedSession> | undefined;
}

/** A {@link ReadQuery} as a driver gets it. */
export interface CheckedQuery {
  /** `undefined` reads all; never negative. */
  readonly last: number | undefined;
  readonly role: Role | undefined;
  readonly since: SessionMark | undefined;
  /** `undefined` reads to the end; never negative. */
  readonly before: number | undefined;
  readonly userId: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A {@link StateQuery} as a driver gets it. */
export interface CheckedStateQuery {
  /** Each once; `undefined` for all. */
  readonly names: readonly string[] | undefined;
  readonly userId: string | undefined;
  readonly signal: AbortSignal | undefined;
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
export function checkAccess(access: SessionAccess = {}): string | undefined {
  checkOptions('options', access);
  checkSignal(access.signal);
  return checkOptionalName('userId', access.userId);
}

/** @throws SessionError `aborted` if it is */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const isSignal =
    typeof signal === 'object' && signal !== null && typeof signal.addEventListener === 'function';
  if (!isSignal) throw wrongType('signal', 'must be the signal of an AbortController.');
  if (signal.aborted) throw aborted(signal);
  return signal;
}

/** @throws TypeError or RangeError `invalid_argument` */
export function checkInit(init: SessionInit = {}): CheckedInit {
  return {
    userId: checkAccess(init),
    signal: init.signal,
    ttlMs: checkTtlMs('ttlMs', init.ttlMs),
    newEpoch: randomUUID(),
    nowMs: Date.now(),
    imported: init.imported && checkImported(init.imported),
  };
}

function checkImported(imported: ImportedSession): CheckedInit['imported'] {
  checkOptions('imported', imported);
  const { currentAgent = null, agentsUsed = [] } = imported;
  if (!Array.isArray(agentsUsed))
    throw wrongType('imported.agentsUsed', 'must be an array of names.');
  const agents: readonly string[] = agentsUsed;
  return {
    currentAgent: currentAgent === null ? null : checkName('imported.currentAgent', currentAgent),
    agentsUsed: Array.from(agents, (name, at) => checkName(`imported.agentsUsed[${at}]`, name)),
    createdAtMs: checkTime('imported.createdAtMs', imported.createdAtMs),
    updatedAtMs: checkTime('imported.updatedAtMs', imported.updatedAtMs),
  };
}

/** @throws TypeError or RangeError `invalid_argument` */
export function checkQuery(query: ReadQuery = {}): CheckedQuery {
  const userId = checkAccess(query);
  const { last, role, since, before, signal } = query;
  if (since !== undefined && (last ?? role ?? before) !== undefined) {
    throw outOfRange('since', 'reads all that was added; leave out `last`, `role` and `before`.');
  }
  if (before !== undefined && role !== undefined) {
    throw outOfRange('before', 'reads a part of all messages; leave out `role`.');
  }
  return {
    last: last === undefined ? undefined : clampLimit('last', last),
    role: role === undefined ? undefined : checkRole('role', role),
    since: since === undefined ? undefined : checkMark('since', since),
    before: before === undefined ? undefined : clampLimit('before', before),
    userId,
    signal,
  };
}

/** @throws TypeError or RangeError `invalid_argument` */
export function checkStateQuery(query: StateQuery = {}): CheckedStateQuery {
  const userId = checkAccess(query);
  const { names, signal } = query;
  return {
    names: names === undefined ? undefined : checkStateNames('names', names),
    userId,
    signal,
  };
}

/** The names, each once. @throws TypeError or RangeError `invalid_argument` */
export function checkStateNames(field: string, names: readonly string[]): string[] {
  if (!Array.isArray(names)) throw wrongType(field, 'must be an array of names.');
  const list: readonly string[] = names;
  return [...new Set(Array.from(list, (name, at) => checkStateName(`${field}[${at}]`, name)))];
}

/** A limit counts from 0; less gives nothing, as in the Agents SDK. */
function clampLimit(field: string, limit: number): number {
  checkInteger(field, limit);
  return Math.min(Math.max(limit, 0), maxCount);
}

/** @throws TypeError or RangeError `invalid_argument` if it is none of the roles */
export function checkRole(field: string, role: string): Role {
  const known = roles.find((each) => each === role);
  if (known !== undefined) return known;
  throw outOfRange(field, `must be one of ${roles.join(', ')}.`);
}
