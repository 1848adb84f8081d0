import { hash, randomUUID } from 'node:crypto';

import { outOfRange, wrongType } from '../contract/errors.ts';
import type { AnyRole, JsonValue, Message, MessageInput } from '../contract/message.ts';
import type { Commit, SessionUsage } from '../contract/store.ts';
import {
  checkCount,
  checkFlag,
  checkMark,
  checkName,
  checkOptionalName,
  checkRecord,
  checkStateName,
  checkTime,
  maxCount,
} from './checks.ts';
import { type CheckedInit, checkInit, checkRole } from './contract-arguments.ts';
import { canonicalJson, copyJson, copyJsonObject } from './json.ts';
import { usageNumbers } from './usage.ts';

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
  readonly dropUnreadable: boolean;
  readonly forgetOperations: boolean;
  readonly agent: string | undefined;
  /** Values to set, `null` for those to remove. */
  readonly state: ReadonlyMap<string, JsonValue>;
  /** Revisions that values must have, `null` for none. */
  readonly expectState: ReadonlyMap<string, number | null>;
  readonly usage: Partial<SessionUsage>;
  readonly claim: boolean;
  /** Moves the time of the last write and the expiry: it is not of values, usage and a claim alone. */
  readonly touches: boolean;
}

/** A fresh operation id, to be kept until the commit is known to be done. */
export function newOperationId(): string {
  return randomUUID();
}

/**
 * @throws TypeError or RangeError `invalid_argument` naming the field
 * @throws SessionError `unstorable_value` naming the place of what JSON cannot carry
 */
export function checkCommit(commit: Commit): CheckedCommit {
  if (typeof commit !== 'object' || commit === null) {
    throw wrongType('commit', 'must be an object with an operationId and the change.');
  }
  const init = checkInit(commit);
  const append = commit.append === undefined ? undefined : checkMessages(commit.append, init.nowMs);
  const agent = checkOptionalName('agent', commit.agent);
  const change = {
    drop: checkDrop(commit.drop),
    append,
    returnDropped: checkFlag('returnDropped', commit.returnDropped),
    forgetOperations: checkFlag('forgetOperations', commit.forgetOperations),
    agent,
    state: checkState(commit.state),
    usage: checkUsage(commit.usage),
    claim: checkClaim(commit),
  };
  const content =
    commit.intent === undefined ? contentOf(change) : copyJson(commit.intent, 'intent');
  const isBeside = commit.state !== undefined || commit.usage !== undefined || change.claim;
  return {
    ...init,
    ...change,
    operationId: checkName('operationId', commit.operationId),
    fingerprint: fingerprint(content),
    appendTokens: append?.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0) ?? 0,
    expect: copyExpectation(commit.expect),
    dropUnreadable: checkFlag('dropUnreadable', commit.dropUnreadable),
    expectState: checkExpectState(commit.expectState),
    touches: append !== undefined || change.drop > 0 || agent !== undefined || !isBeside,
  };
}

function checkMessages(messages: readonly MessageInput[], nowMs: number): Message[] {
  if (!Array.isArray(messages)) throw wrongType('append', 'must be an array of messages.');
  const list: readonly MessageInput[] = messages;
  // Not map, which passes over the holes of an array.
  return Array.from(list, (message, index) => checkMessage(message, `append[${index}]`, nowMs));
}

function checkMessage(message: MessageInput, path: string, nowMs: number): Message {
  if (typeof message !== 'object' || message === null) {
    throw wrongType(path, 'must be a message: an object with a role and content.');
  }
  const { tokens = null, agent = null, id, timestampMs } = message;
  const item = message.item === undefined ? undefined : checkItem(message.item, `${path}.item`);
  const checked: Message = {
    id: checkOptionalName(`${path}.id`, id) ?? newMessageId(),
    role: checkMessageRole(`${path}.role`, message),
    content: checkContent(message, item?.['content'], path),
    timestampMs: timestampMs === undefined ? nowMs : checkTime(`${path}.timestampMs`, timestampMs),
    agent: agent === null ? null : checkName(`${path}.agent`, agent),
    tokens: tokens === null ? null : checkCount(`${path}.tokens`, tokens),
  };
  return item === undefined ? checked : { ...checked, item };
}

/** A whole message was read somewhere: it keeps its role, which another program may have chosen. */
function checkMessageRole(field: string, message: MessageInput): AnyRole {
  const { role, id, content, timestampMs, agent, tokens } = message;
  const isWhole = ![id, content, timestampMs, agent, tokens].includes(undefined);
  return isWhole ? checkName(field, role) : checkRole(field, role);
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
  message: MessageInput,
  itemContent: JsonValue | undefined,
  path: string,
): JsonValue {
  if (message.content !== undefined) return copyJson(message.content, `${path}.content`);
  if (message.item === undefined) {
    throw wrongType(`${path}.content`, 'is missing; give the text of the message, or its parts.');
  }
  return itemContent ?? '';
}

/** More than any session has is all of them. */
function checkDrop(drop: Commit['drop'] = 0): number {
  if (drop === 'all') return maxCount;
  return Math.min(checkCount('drop', drop, Number.MAX_SAFE_INTEGER), maxCount);
}

function checkState(state: Commit['state']): Map<string, JsonValue> {
  const values = new Map<string, JsonValue>();
  checkRecord('state', state);
  for (const [name, value] of Object.entries(state ?? {})) {
    checkStateName(`state[${JSON.stringify(name.slice(0, 64))}]`, name);
    if (value !== undefined) values.set(name, copyJson(value, `state.${name}`));
  }
  return values;
}

function checkExpectState(expected: Commit['expectState']): Map<string, number | null> {
  const revisions = new Map<string, number | null>();
  checkRecord('expectState', expected);
  for (const [name, revision] of Object.entries(expected ?? {})) {
    const field = `expectState[${JSON.stringify(name.slice(0, 64))}]`;
    checkStateName(field, name);
    const most = Number.MAX_SAFE_INTEGER;
    revisions.set(name, revision === null ? null : checkCount(field, revision, most));
  }
  return revisions;
}

function checkUsage(usage: Commit['usage'] = {}): Partial<SessionUsage> {
  checkRecord('usage', usage);
  const numbers = usageNumbers.flatMap((name) => {
    const number = usage[name];
    return number === undefined ? [] : [[name, checkCount(`usage.${name}`, number)] as const];
  });
  return Object.fromEntries(numbers);
}

function checkClaim({ claim, userId }: Commit): boolean {
  if (!checkFlag('claim', claim)) return false;
  if (userId !== undefined) return true;
  throw outOfRange('claim', 'needs a userId, whose the session becomes.');
}

function copyExpectation(expect: Commit['expect']): Commit['expect'] {
  if (expect === undefined || expect === null) return expect;
  if (typeof expect !== 'object' || typeof expect.epoch !== 'string') {
    throw wrongType('expect', 'must be a mark that a read or a commit answered with, or null.');
  }
  return 'generation' in expect ? checkMark('expect', expect) : { epoch: expect.epoch };
}

type Content = Pick<
  CheckedCommit,
  'drop' | 'append' | 'returnDropped' | 'forgetOperations' | 'agent' | 'state' | 'usage' | 'claim'
>;

/** Ids and times do not count: a caller who repeats a commit may leave both to the store again. */
function contentOf(change: Content): JsonValue {
  const { drop, append, returnDropped, forgetOperations, agent = null } = change;
  const added = append?.map(({ role, content, item, agent: by, tokens }): JsonValue => [
    role,
    item ?? content,
    by,
    tokens,
  ]);
  const beside = [Object.fromEntries(change.state), { ...change.usage }, change.claim];
  return [drop, added ?? null, returnDropped, forgetOperations, agent, ...beside];
}

function fingerprint(content: JsonValue): string {
  return hash('sha256', canonicalJson(content), 'base64url').slice(0, 22);
}
