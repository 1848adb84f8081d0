import { hash } from 'node:crypto';

import {
  conflict,
  damagedMessage,
  operationReused,
  parseJson,
  SessionError,
  sessionNotFound,
} from '@agent-sessions/session-core';
import type { CheckedCommit, CheckedInit, SessionMark } from '@agent-sessions/session-core';

import { notASession, unsupportedSchema } from '../document/foreign-document.ts';
import { type SessionLimits, sessionFull } from '../document/session-limits.ts';
import { encodeMessage } from '../document/stored-message.ts';

/** The commit script's arguments for creating a session, and nothing else. */
export function creationArguments(sessionId: string, init: CheckedInit): string[] {
  return scriptArguments(sessionId, init, 'co', {}, '');
}

/** The commit script's arguments for a commit. */
export function commitArguments(
  sessionId: string,
  commit: CheckedCommit,
  limits: SessionLimits,
): string[] {
  const { append, returnDropped, forgetOperations, expect } = commit;
  const asked = `${append ? 'c' : ''}${returnDropped ? 'd' : ''}${forgetOperations ? 'f' : ''}`;
  const flags = asked + expectationFlag(expect);
  const args = scriptArguments(sessionId, commit, flags, commit, limitsArgument(limits));
  for (const message of append ?? []) args.push(encodeMessage(message));
  return args;
}

/** In the order that the commit script lists. */
function scriptArguments(
  sessionId: string,
  { newEpoch, nowMs, ttlMs, userId }: CheckedInit,
  flags: string,
  change: Partial<CheckedCommit>,
  limits: string,
): string[] {
  const { operationId = '', fingerprint = '', expect, drop = 0, agent, appendTokens = 0 } = change;
  const lastId = change.append?.at(-1)?.id ?? '';
  return [
    `o${hash('sha256', operationId).slice(0, 32)}`,
    fingerprint,
    flags,
    expect?.epoch ?? '',
    expect && 'generation' in expect
      ? `${expect.generation} ${expect.length} ${expect.lastId ?? ''}`
      : '',
    String(drop),
    String(appendTokens),
    String(nowMs / 1000),
    ttlMs === undefined ? '' : String(ttlMs),
    newEpoch,
    JSON.stringify(sessionId),
    userId === undefined ? '' : JSON.stringify(userId),
    agent === undefined ? '' : JSON.stringify(agent),
    JSON.stringify(JSON.stringify(lastId)).slice(1, -1),
    limits,
  ];
}

function expectationFlag(expect: CheckedCommit['expect']): string {
  if (expect === undefined) return '';
  if (expect === null) return 'n';
  return 'generation' in expect ? 'm' : 'e';
}

function limitsArgument({ maxMessages, maxBytes }: SessionLimits): string {
  if (maxMessages === undefined && maxBytes === undefined) return '';
  return `${maxMessages ?? Number.MAX_SAFE_INTEGER} ${maxBytes ?? Number.MAX_SAFE_INTEGER}`;
}

/** What the commit script answered; see there. */
export type CommitReply =
  | {
      readonly status: 'committed';
      readonly mark: SessionMark;
      readonly bytes: number;
      readonly dropped: readonly unknown[];
    }
  | { readonly status: 'exists'; readonly mark: SessionMark }
  | {
      readonly status: 'repeated';
      readonly mark: SessionMark;
      readonly dropped: readonly unknown[];
    }
  | { readonly status: 'damaged'; readonly index: number }
  | { readonly status: 'full'; readonly messages: number; readonly bytes: number }
  | { readonly status: 'nothing' | 'reused' | 'missing' | 'conflict' | 'foreign' | 'newer' };

/**
 * @param args - what the script was called with: node-redis 4 may hand out the answer of another
 * call, where a connection was cut in the middle of an answer
 * @param append - what was to be added
 * @throws SessionError `store_failed`, with an unknown outcome, where it is no answer to that
 */
export function parseCommitReply(
  reply: unknown,
  args: readonly string[],
  append: CheckedCommit['append'] = [],
): CommitReply {
  if (!Array.isArray(reply)) throw unexpectedReply();
  const [status, member, first = '', ...rest] = reply.map(String);
  if (member !== args[0]) throw unexpectedReply();
  const [generation = '', length = '', bytes = '', dropped = '[]', lastId = ''] = rest;
  switch (status) {
    case 'committed': {
      const mark = toMark(first, generation, length, append.at(-1)?.id ?? lastId);
      return { status, mark, bytes: Number(bytes), dropped: parseList(dropped) };
    }
    case 'exists':
      return { status, mark: toMark(first, generation, length, lastId) };
    case 'repeated':
      return { status, ...parseOperation(first, generation) };
    case 'damaged':
      return { status, index: Number(first) };
    case 'full':
      return { status, messages: Number(first), bytes: Number(generation) };
    case 'nothing':
    case 'reused':
    case 'missing':
    case 'conflict':
    case 'foreign':
    case 'newer':
      return { status };
    default:
      throw unexpectedReply();
  }
}

/** The record that a commit leaves of itself; see the commit script. */
function parseOperation(epoch: string, record: string) {
  const parts =
    /^\S+ (?<generation>\d+) (?<length>\d+) (?<lastId>"(?:[^"\\]|\\.)*") (?<dropped>.*)$/s;
  const { generation = '', length = '', lastId, dropped } = parts.exec(record)?.groups ?? {};
  if (lastId === undefined || dropped === undefined) throw unexpectedReply();
  const mark = toMark(epoch, generation, length, String(JSON.parse(lastId)));
  return { mark, dropped: parseList(dropped) };
}

function toMark(epoch: string, generation: string, length: string, lastId: string): SessionMark {
  if (!/^\d+ \d+$/.test(`${generation} ${length}`)) throw unexpectedReply();
  return {
    epoch,
    generation: Number(generation),
    length: Number(length),
    lastId: lastId === '' ? null : lastId,
  };
}

function parseList(text: string): unknown[] {
  let list: unknown;
  try {
    list = parseJson(text);
  } catch (cause) {
    throw unexpectedReply(cause);
  }
  if (!Array.isArray(list)) throw unexpectedReply();
  return list;
}

function unexpectedReply(cause?: unknown): SessionError {
  return new SessionError(
    'store_failed',
    'Redis answered the commit with something unexpected. Repeat it with the same operation id, on a new connection.',
    { outcome: 'unknown', cause },
  );
}

/** The error for a commit that the script refused. */
export function refusal(sessionId: string, reply: CommitReply, operationId = ''): SessionError {
  switch (reply.status) {
    case 'conflict':
      return conflict(sessionId);
    case 'reused':
      return operationReused(sessionId, operationId);
    case 'foreign':
      return notASession(sessionId);
    case 'newer':
      return unsupportedSchema(sessionId);
    case 'damaged':
      return damagedMessage(sessionId, reply.index);
    case 'full':
      return sessionFull(sessionId, reply, operationId);
    default:
      return sessionNotFound(sessionId);
  }
}
