import { createHash } from 'node:crypto';

import {
  conflict,
  damagedMessage,
  operationReused,
  SessionError,
  sessionNotFound,
} from '@agent-sessions/session-core';
import type { CheckedCommit, CheckedInit, SessionMark } from '@agent-sessions/session-core';

import { notASession, unsupportedSchema } from './foreign-document.ts';
import { encodeMessage } from './stored-message.ts';

/** The commit script's arguments for creating a session, and nothing else. */
export function creationArguments(sessionId: string, init: CheckedInit): string[] {
  return scriptArguments(sessionId, init, { flags: 'co' });
}

/** The commit script's arguments for a commit. */
export function commitArguments(sessionId: string, commit: CheckedCommit): string[] {
  const flags = [commit.append && 'c', commit.returnDropped && 'd', commit.forgetOperations && 'f'];
  const messages = commit.append?.map(encodeMessage) ?? [];
  const change = { ...commit, flags: flags.filter(Boolean).join('') };
  return [...scriptArguments(sessionId, commit, change), ...messages];
}

/** In the order that the commit script lists. */
function scriptArguments(
  sessionId: string,
  { newEpoch, nowMs, ttlMs, userId }: CheckedInit,
  change: Partial<CheckedCommit> & { readonly flags: string },
): string[] {
  const { operationId = '', fingerprint = '', drop = 0, agent = '', appendTokens = 0 } = change;
  return [
    `o${createHash('sha256').update(operationId).digest('hex').slice(0, 32)}`,
    fingerprint,
    ...expectationArguments(change.expect),
    String(drop),
    change.flags,
    String(nowMs / 1000),
    String(ttlMs ?? ''),
    newEpoch,
    sessionId,
    userId ?? '',
    agent,
    String(appendTokens),
    change.append?.at(-1)?.id ?? '',
  ];
}

function expectationArguments(expect: CheckedCommit['expect']): string[] {
  if (expect === undefined) return ['anything', '', '', ''];
  if (expect === null) return ['nothing', '', '', ''];
  if (!('generation' in expect)) return ['epoch', expect.epoch, '', ''];
  const { epoch, generation, length, lastId } = expect;
  return ['mark', epoch, String(generation), `${length} ${lastId ?? ''}`];
}

/** What the commit script answered; see there. */
export type CommitReply =
  | {
      readonly status: 'committed';
      readonly mark: SessionMark;
      readonly dropped: readonly unknown[];
    }
  | { readonly status: 'exists'; readonly mark: SessionMark }
  | {
      readonly status: 'repeated';
      readonly mark: SessionMark;
      readonly dropped: readonly unknown[];
    }
  | { readonly status: 'damaged'; readonly index: number }
  | { readonly status: 'nothing' | 'reused' | 'missing' | 'conflict' | 'foreign' | 'newer' };

/**
 * @param args - what the script was called with: node-redis 4 may hand out the answer of another
 * call, where a connection was cut in the middle of an answer
 * @throws SessionError `store_failed`, with an unknown outcome, where it is no answer to that
 */
export function parseCommitReply(reply: unknown, args: readonly string[]): CommitReply {
  if (!Array.isArray(reply)) throw unexpectedReply();
  const [status, member, epoch = '', ...rest] = reply.map(String);
  if (member !== args[0]) throw unexpectedReply();
  const [generation = '', length = '', lastId = '', dropped = '[]'] = rest;
  switch (status) {
    case 'committed':
      return {
        status,
        mark: toMark(epoch, generation, length, lastId),
        dropped: parseList(dropped),
      };
    case 'exists':
      return { status, mark: toMark(epoch, generation, length, lastId) };
    case 'repeated':
      return { status, ...parseOperation(epoch, generation) };
    case 'damaged':
      return { status, index: Number(epoch) };
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
    list = JSON.parse(text);
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
    default:
      return sessionNotFound(sessionId);
  }
}
