import type { CheckedCommit, CheckedInit } from './contract-arguments.ts';
import type { Message } from '../contract/message.ts';
import { conflict, operationReused, sessionNotFound } from './refusals.ts';
import type { CommitResult, SessionMark } from '../contract/store.ts';
import type { Operation, SessionState } from './session-state.schema.ts';

/** How many of its last operations a session has to remember, at least. */
export const rememberedOperations = 1000;

/** The state of a session that begins now. */
export function newSessionState(sessionId: string, init: CheckedInit): SessionState {
  return {
    revision: 0,
    mark: { epoch: init.newEpoch, generation: 0, length: 0, lastId: null },
    metadata: {
      sessionId,
      userId: init.userId ?? null,
      createdAtMs: init.nowMs,
      updatedAtMs: init.nowMs,
      currentAgent: null,
      agentsUsed: [],
      messageCount: 0,
      totalTokens: 0,
      ttlMs: init.ttlMs ?? null,
    },
  };
}

/** Whether a session is there for who asks: it exists, and is the user's if one is named. */
export function isFor(
  userId: string | undefined,
  state: SessionState | undefined,
): state is SessionState {
  return state !== undefined && (userId === undefined || userId === state.metadata.userId);
}

/**
 * Decides on a commit: answers what it answers if it changes nothing, `undefined` if it is to be
 * applied.
 *
 * @param state - the session as it is; `undefined` where there is none
 * @param known - what the session remembers under the operation id
 * @throws SessionError as `SessionStore.commit` says
 */
export function decideCommit(
  sessionId: string,
  commit: CheckedCommit,
  state: SessionState | undefined,
  known: Operation | undefined,
): CommitResult | undefined {
  if (state && !isFor(commit.userId, state)) throw sessionNotFound(sessionId);
  if (known) {
    const { fingerprint, mark, dropped } = known;
    if (fingerprint === commit.fingerprint) return { mark, repeated: true, dropped };
    throw operationReused(sessionId, commit.operationId);
  }
  checkExpectation(sessionId, commit.expect, state?.mark ?? null);
  if (state || commit.append) return undefined;
  return { mark: null, repeated: false, dropped: [] };
}

/**
 * Holds what a commit expects against the session as it is: for drivers that decide in their own
 * process, inside a transaction.
 *
 * @param mark - the session as it is; `null` where there is none for the commit's user
 * @throws SessionError `session_not_found` or `conflict`
 */
export function checkExpectation(
  sessionId: string,
  expect: CheckedCommit['expect'],
  mark: SessionMark | null,
): void {
  if (expect === undefined) return;
  if (expect === null) {
    if (mark !== null) throw conflict(sessionId);
    return;
  }
  if (mark === null || mark.epoch !== expect.epoch) throw sessionNotFound(sessionId);
  if (!('generation' in expect)) return;
  const { generation, length, lastId } = expect;
  if (mark.generation === generation && mark.length === length && mark.lastId === lastId) return;
  throw conflict(sessionId);
}

/**
 * What a session is after a commit, and what is to be remembered of it.
 *
 * @param dropped - the messages that the commit drops
 * @param lastKept - the last message before those, if there is one
 */
export function applyCommit(
  commit: CheckedCommit,
  { revision: before, mark, metadata }: SessionState,
  dropped: readonly Message[],
  lastKept: Message | undefined,
): { readonly state: SessionState; readonly operation: Operation } {
  const { append = [], agent } = commit;
  const revision = before + 1;
  const length = mark.length - dropped.length + append.length;
  const after: SessionMark = {
    epoch: mark.epoch,
    generation: dropped.length > 0 ? revision : mark.generation,
    length,
    lastId: (append.at(-1) ?? lastKept)?.id ?? null,
  };
  const state = {
    revision,
    mark: after,
    metadata: {
      ...metadata,
      updatedAtMs: commit.nowMs,
      currentAgent: agent ?? metadata.currentAgent,
      agentsUsed: [...new Set([...metadata.agentsUsed, ...(agent === undefined ? [] : [agent])])],
      messageCount: length,
      totalTokens: metadata.totalTokens - tokensOf(dropped) + commit.appendTokens,
      ttlMs: commit.ttlMs ?? metadata.ttlMs,
    },
  };
  const answered = commit.returnDropped ? [...dropped] : [];
  return { state, operation: { fingerprint: commit.fingerprint, mark: after, dropped: answered } };
}

/**
 * Whether history only grew since a mark.
 *
 * @param messageAt - answers the message at an index, if there is one
 */
export function isContinuedBy(
  since: SessionMark | undefined,
  mark: SessionMark,
  messageAt: (index: number) => Message | undefined,
): since is SessionMark {
  if (since?.epoch !== mark.epoch || since.generation !== mark.generation) return false;
  if (since.length === 0) return true;
  return since.lastId === messageAt(since.length - 1)?.id;
}

function tokensOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0);
}
