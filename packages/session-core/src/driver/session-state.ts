import type { CheckedCommit } from './commit-arguments.ts';
import type { CheckedInit } from './contract-arguments.ts';
import type { JsonValue, Message } from '../contract/message.ts';
import type {
  CommitResult,
  SessionMark,
  SessionMetadata,
  SessionSummary,
  StateValue,
} from '../contract/store.ts';
import {
  answerForgotten,
  conflict,
  operationReused,
  sessionNotFound,
  valueConflict,
} from './refusals.ts';
import type { Operation, SessionState } from './session-state.schema.ts';
import { addUsage, noUsage } from './usage.ts';

/** How many of its last operations a session has to remember, at least. */
export const rememberedOperations = 1000;

/**
 * Of how many of its last operations that dropped something a session has to remember what. Of those
 * before it should forget that: people delete what they said for it to be gone.
 */
export const rememberedDrops = 8;

/** The state of a session that begins now. */
export function newSessionState(sessionId: string, init: CheckedInit): SessionState {
  return {
    revision: 0,
    expiresAtMs: init.ttlMs === undefined ? null : init.nowMs + init.ttlMs,
    mark: { epoch: init.newEpoch, generation: 0, length: 0, lastId: null },
    metadata: {
      sessionId,
      userId: init.userId ?? null,
      createdAtMs: init.imported?.createdAtMs ?? init.nowMs,
      updatedAtMs: init.imported?.updatedAtMs ?? init.nowMs,
      currentAgent: init.imported?.currentAgent ?? null,
      agentsUsed: init.imported?.agentsUsed ?? [],
      messageCount: 0,
      totalTokens: 0,
      usage: noUsage,
      ttlMs: init.ttlMs ?? null,
    },
    drops: [],
    values: [],
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
  const isClaimed = commit.claim && state?.metadata.userId === null;
  if (state && !isClaimed && !isFor(commit.userId, state)) throw sessionNotFound(sessionId);
  if (known) {
    const { fingerprint, mark, revision, dropped } = known;
    if (fingerprint !== commit.fingerprint) throw operationReused(sessionId, commit.operationId);
    if (dropped === null) throw answerForgotten(sessionId, commit.operationId);
    return { mark, revision, repeated: true, dropped };
  }
  checkExpectation(sessionId, commit.expect, state?.mark ?? null);
  for (const [name, revision] of commit.expectState) {
    if ((valueNamed(name, state)?.revision ?? null) !== revision) {
      throw valueConflict(sessionId, name);
    }
  }
  if (state || commit.append) return undefined;
  return { mark: null, revision: null, repeated: false, dropped: [] };
}

function valueNamed(name: string, state: SessionState | undefined) {
  return state?.values.find((value) => value.name === name);
}

/** The named values that were asked for: those that the session has. */
export function selectValues(
  { values }: SessionState,
  names: readonly string[] | undefined,
): Readonly<Record<string, StateValue>> {
  const found = values.filter(({ name }) => names === undefined || names.includes(name));
  return Object.fromEntries(
    found.map(({ name, value, revision }) => [name, { value, revision }] as const),
  );
}

/** A session as a page shows it, with the named values that were asked for. */
export function summaryOf(state: SessionState, names: readonly string[]): SessionSummary {
  return { ...state.metadata, state: withoutRevisions(selectValues(state, names)) };
}

/** Named values as they are, for who does not set them next. */
export function withoutRevisions(
  values: Readonly<Record<string, StateValue>>,
): Readonly<Record<string, JsonValue>> {
  return Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));
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
  if ('generation' in expect && !isSameMark(mark, expect)) throw conflict(sessionId);
}

/** Whether two marks name the same history. */
export function isSameMark(one: SessionMark, other: SessionMark): boolean {
  return (
    one.epoch === other.epoch &&
    one.generation === other.generation &&
    one.length === other.length &&
    one.lastId === other.lastId
  );
}

/** What {@link applyCommit} answers. */
export interface AppliedCommit {
  readonly state: SessionState;
  /** To be remembered under the operation id of the commit. */
  readonly operation: Operation;
  /** Of this operation, if it is remembered still, `dropped` becomes `null`. */
  readonly forgotten: string | undefined;
}

/**
 * What a session is after a commit, and what is to be remembered of it.
 *
 * @param dropped - the messages that the commit drops, but for those that cannot be read
 * @param lastKept - the last message before those, if there is one; needed where some are dropped
 */
export function applyCommit(
  commit: CheckedCommit,
  before: SessionState,
  dropped: readonly Message[],
  lastKept: Message | undefined,
): AppliedCommit {
  const { append = [], touches, operationId, fingerprint } = commit;
  const { mark } = before;
  const revision = before.revision + 1;
  const kept = Math.max(mark.length - commit.drop, 0);
  const isShorter = kept < mark.length;
  const lastKeptId = isShorter ? (lastKept?.id ?? null) : mark.lastId;
  const after: SessionMark = {
    epoch: mark.epoch,
    generation: isShorter ? revision : mark.generation,
    length: kept + append.length,
    lastId: append.at(-1)?.id ?? lastKeptId,
  };
  const answered = commit.returnDropped ? [...dropped] : [];
  const earlier = commit.forgetOperations ? [] : before.drops;
  const drops = answered.length > 0 ? [...earlier, operationId] : earlier;
  const ttlMs = (touches ? commit.ttlMs : undefined) ?? before.metadata.ttlMs;
  const state: SessionState = {
    revision,
    expiresAtMs: touches && ttlMs !== null ? commit.nowMs + ttlMs : before.expiresAtMs,
    mark: after,
    metadata: { ...metadataAfter(commit, before, after, kept, dropped), ttlMs },
    drops: drops.slice(-rememberedDrops),
    values: withValues(before.values, commit.state, revision),
  };
  const operation = { fingerprint, revision, mark: after, dropped: answered };
  return { state, operation, forgotten: drops.at(-rememberedDrops - 1) };
}

function metadataAfter(
  { agent, claim, userId, touches, nowMs, ...commit }: CheckedCommit,
  { mark, metadata }: SessionState,
  { length }: SessionMark,
  kept: number,
  dropped: readonly Message[],
): Omit<SessionMetadata, 'ttlMs'> {
  // Only a session that begins with this commit was written elsewhere, and then.
  const imported = mark.epoch === commit.newEpoch ? commit.imported : undefined;
  const tokensKept = kept === 0 ? 0 : metadata.totalTokens - tokensOf(dropped);
  const agents = agent === undefined ? [] : [agent];
  return {
    ...metadata,
    userId: claim ? (userId ?? null) : metadata.userId,
    updatedAtMs: touches ? (imported?.updatedAtMs ?? nowMs) : metadata.updatedAtMs,
    currentAgent: agent ?? metadata.currentAgent,
    agentsUsed: [...new Set([...metadata.agentsUsed, ...agents])],
    messageCount: length,
    totalTokens: tokensKept + commit.appendTokens,
    usage: addUsage(metadata.usage, commit.usage),
  };
}

function withValues(
  values: SessionState['values'],
  changes: CheckedCommit['state'],
  revision: number,
): SessionState['values'] {
  const kept = values.filter(({ name }) => !changes.has(name));
  const set = [...changes].flatMap(([name, value]) =>
    value === null ? [] : [{ name, value, revision }],
  );
  return [...kept, ...set];
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
