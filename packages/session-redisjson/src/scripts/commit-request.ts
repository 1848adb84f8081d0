import { hash } from 'node:crypto';

import { usageNumbers } from '@agent-sessions/session-core';
import type { CheckedCommit, CheckedInit, SessionUsage } from '@agent-sessions/session-core';

import { storedUsageName } from '../document/metadata.ts';
import { encodeMessage } from '../document/stored-message.ts';
import { encodeValues } from '../document/values.ts';

/** What the commit script is asked. */
export interface CommitRequest {
  /** Comes back with the answer. */
  readonly operation: string;
  /** The id of the last message that is added, or `''`. */
  readonly lastId: string;
  /** Size of the messages and values, as JSON text. */
  readonly bytes: number;
  /**
   * The script's arguments.
   *
   * @param judged - SHA-1 of the text of what it drops, once somebody has looked at that
   */
  args(judged?: string): string[];
}

/** A request to create a session, and to do nothing else. */
export function creationRequest(sessionId: string, init: CheckedInit): CommitRequest {
  const operation = operationKey(init.newEpoch);
  const head = headArguments(operation, sessionId, init, {});
  const asked = optionsText({ only_creation: true, imported: importedTexts(init.imported) });
  return { operation, lastId: '', bytes: 0, args: () => [...head, asked] };
}

/** A request for a commit. */
export function commitRequest(
  sessionId: string,
  commit: CheckedCommit,
  maxMessages: number | undefined,
): CommitRequest {
  const operation = operationKey(commit.operationId);
  const head = headArguments(operation, sessionId, commit, commit);
  const { native, exact, removed } = encodeValues(commit.state);
  const texts = [...native.values(), ...(commit.append ?? []).map(encodeMessage)];
  const options = {
    ...optionsOf(commit),
    max_messages: maxMessages,
    set: native.size > 0 ? [...native.keys()] : undefined,
    exact: exact.size > 0 ? Object.fromEntries(exact) : undefined,
    remove: removed.length > 0 ? removed : undefined,
  };
  const asked = optionsText(options);
  return {
    operation,
    lastId: commit.append?.at(-1)?.id ?? '',
    bytes: [...texts, ...exact.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    args: (judged) => [
      ...head,
      judged === undefined ? asked : optionsText({ ...options, judged }),
      ...texts,
    ],
  };
}

/** Under what an operation is remembered, so that no caller's text is in a path. */
function operationKey(operationId: string): string {
  return hash('sha256', operationId, 'base64url').slice(0, 22);
}

/** In the order that the commit script lists. */
function headArguments(
  operation: string,
  sessionId: string,
  { newEpoch, nowMs, ttlMs, userId = '' }: CheckedInit,
  { fingerprint = '', agent = '', appendTokens = 0, append }: Partial<CheckedCommit>,
): string[] {
  return [
    operation,
    fingerprint,
    sessionId,
    userId,
    secondsText(nowMs),
    ttlMs === undefined ? '' : String(ttlMs),
    newEpoch,
    agent,
    String(appendTokens),
    append?.at(-1)?.id ?? '',
  ];
}

/** Members that are `undefined` are what most commits do not have; see the script for their names. */
function optionsText(options: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(options);
  return text === '{}' ? '' : text;
}

function optionsOf(commit: CheckedCommit): Readonly<Record<string, unknown>> {
  const { append, drop, dropUnreadable, returnDropped, expectState, usage } = commit;
  const isSet = (flag: boolean) => flag || undefined;
  return {
    no_creation: isSet(append === undefined),
    imported: importedTexts(commit.imported),
    expect: expectation(commit.expect),
    expect_state: expectState.size > 0 ? expectedRevisions(expectState) : undefined,
    drop: drop > 0 ? drop : undefined,
    // Who wants to read what is dropped has to look at it all the same.
    blindly: isSet(drop > 0 && dropUnreadable && !returnDropped),
    answer_dropped: isSet(drop > 0 && returnDropped),
    forget: isSet(commit.forgetOperations),
    beside: isSet(!commit.touches),
    claim: isSet(commit.claim),
    usage: storedUsage(usage),
  };
}

function importedTexts(imported: CheckedInit['imported']) {
  if (imported === undefined) return undefined;
  const { createdAtMs, updatedAtMs } = imported;
  return { created_at: secondsText(createdAtMs), updated_at: secondsText(updatedAtMs) };
}

function secondsText(milliseconds: number): string {
  return String(milliseconds / 1000);
}

function expectation(expect: CheckedCommit['expect']) {
  if (expect === undefined) return undefined;
  if (expect === null) return { none: true };
  if (!('generation' in expect)) return { epoch: expect.epoch };
  const { epoch, generation, length, lastId } = expect;
  return { epoch, generation, length, last_id: lastId ?? '' };
}

function expectedRevisions(expected: CheckedCommit['expectState']): Record<string, number | false> {
  return Object.fromEntries(Array.from(expected, ([name, revision]) => [name, revision ?? false]));
}

function storedUsage(usage: Partial<SessionUsage>): Record<string, number> | undefined {
  const numbers = usageNumbers.flatMap((name) => {
    const number = usage[name] ?? 0;
    return number > 0 ? [[storedUsageName(name), number] as const] : [];
  });
  return numbers.length > 0 ? Object.fromEntries(numbers) : undefined;
}
