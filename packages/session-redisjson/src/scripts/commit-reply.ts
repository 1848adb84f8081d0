import {
  answerForgotten,
  conflict,
  operationReused,
  parseJson,
  SessionError,
  sessionNotFound,
  valueConflict,
} from '@agent-sessions/session-core';
import type { SessionMark } from '@agent-sessions/session-core';

import { notASession, unsupportedSchema } from '../document/foreign-document.ts';
import { sessionFull } from '../document/session-limits.ts';
import type { CommitRequest } from './commit-request.ts';

/** A session as a commit has left it, or as a creation has found it. */
export interface CommittedSession {
  readonly mark: SessionMark;
  readonly revision: number;
  /** How many messages were dropped. */
  readonly dropped: number;
  readonly isNew: boolean;
  readonly ttlMs: number | null;
  readonly userId: string | null;
}

/** Why nothing was changed, for reasons that need no more words. */
const refusals = ['missing', 'conflict', 'reused', 'forgotten', 'newer'] as const;

/** What the commit script answered; see there. */
export type CommitReply =
  | ({ readonly status: 'committed' | 'exists' } & CommittedSession)
  | {
      readonly status: 'repeated';
      readonly mark: SessionMark;
      readonly revision: number;
      readonly dropped: readonly unknown[];
    }
  | { readonly status: 'look'; readonly first: number; readonly text: string }
  | { readonly status: 'nothing' }
  | { readonly status: (typeof refusals)[number] }
  | { readonly status: 'full'; readonly length: number }
  | { readonly status: 'value'; readonly name: string }
  | { readonly status: 'foreign'; readonly member: string }
  | { readonly status: 'denied' | 'lacking'; readonly command: string }
  | { readonly status: 'broken'; readonly problem: string };

/**
 * @param request - what was asked: node-redis 4 may hand out the answer of another call, where a
 * connection was cut in the middle of an answer
 * @throws SessionError `store_failed`, with an unknown outcome, where it is no answer to that
 */
export function parseCommitReply(
  reply: unknown,
  { operation }: Pick<CommitRequest, 'operation'>,
): CommitReply {
  if (!Array.isArray(reply)) throw unexpectedReply();
  const [status = '', answered, ...rest] = reply.map(String);
  if (answered !== operation) throw unexpectedReply();
  const [first = '', second = ''] = rest;
  switch (status) {
    case 'committed':
    case 'exists':
      return { status, ...parseSession(rest) };
    case 'repeated':
      return { status, ...parseRecord(first, second), dropped: parseRecords(rest[2] || '[]') };
    case 'look':
      return { status, first: parseCount(first), text: second };
    case 'nothing':
      return { status };
    case 'full':
      return { status, length: parseCount(first) };
    case 'value':
      return { status, name: first };
    case 'foreign':
      return { status, member: first };
    case 'denied':
    case 'lacking':
      return { status, command: first };
    case 'broken':
      return { status, problem: first };
    default: {
      const refused = refusals.find((each) => each === status);
      if (refused === undefined) throw unexpectedReply();
      return { status: refused };
    }
  }
}

function parseSession(parts: readonly string[]): CommittedSession {
  const [epoch = '', generation, length, lastId, revision, dropped, isNew, ttlMs, userId] = parts;
  return {
    mark: toMark(epoch, generation, length, lastId),
    revision: parseCount(revision),
    dropped: parseCount(dropped),
    isNew: isNew === '1',
    ttlMs: parseCount(ttlMs) || null,
    userId: userId || null,
  };
}

/** The record that a commit leaves of itself; see the commit script. */
function parseRecord(epoch: string, record: string) {
  const parts = /^\S+ (?<revision>\d+) (?<generation>\d+) (?<length>\d+) \d+ (?<lastId>.*)$/s.exec(
    record,
  );
  const { revision, generation, length, lastId } = parts?.groups ?? {};
  return { mark: toMark(epoch, generation, length, lastId), revision: parseCount(revision) };
}

function toMark(
  epoch: string,
  generation: string | undefined,
  length: string | undefined,
  lastId: string | undefined,
): SessionMark {
  if (lastId === undefined) throw unexpectedReply();
  return {
    epoch,
    generation: parseCount(generation),
    length: parseCount(length),
    lastId: lastId === '' ? null : lastId,
  };
}

function parseCount(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw unexpectedReply();
  return Number(text);
}

/** The records of messages in a JSON text. */
export function parseRecords(text: string): readonly unknown[] {
  let records: unknown;
  try {
    records = parseJson(text);
  } catch {
    // Its error would quote the text.
    throw unexpectedReply();
  }
  if (!Array.isArray(records)) throw unexpectedReply();
  return records;
}

function unexpectedReply(): SessionError {
  return new SessionError(
    'store_failed',
    'Redis answered the commit with something unexpected. Repeat it with the same operation id, on a new connection.',
    { outcome: 'unknown' },
  );
}

/** The error for a commit that the script refused. */
export function refusal(sessionId: string, reply: CommitReply, operationId = ''): SessionError {
  switch (reply.status) {
    case 'conflict':
      return conflict(sessionId);
    case 'value':
      return valueConflict(sessionId, reply.name);
    case 'reused':
      return operationReused(sessionId, operationId);
    case 'forgotten':
      return answerForgotten(sessionId, operationId);
    case 'foreign':
      return notASession(sessionId, reply.member === 'session_id' ? undefined : reply.member);
    case 'newer':
      return unsupportedSchema(sessionId);
    case 'full':
      return sessionFull(sessionId, reply.length, operationId);
    case 'denied':
      return new SessionError(
        'permission_denied',
        `This Redis user may not run ${reply.command}; nothing was written. Grant what the README of session-redisjson lists, on the session keys.`,
        { operationId },
      );
    case 'lacking':
      return new SessionError(
        'missing_capability',
        `This server has no ${reply.command}; nothing was written. Use Redis 8, Redis Stack, or RedisJSON 2.6 or newer.`,
        { operationId },
      );
    case 'broken':
      return new SessionError(
        'store_failed',
        `Redis refused a part of the commit when the rest was written: ${reply.problem}. Read the session before anything is repeated.`,
        { outcome: 'unknown', operationId },
      );
    default:
      return sessionNotFound(sessionId);
  }
}
