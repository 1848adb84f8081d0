import assert from 'node:assert/strict';

import { newOperationId } from '@agent-sessions/session-core';
import type {
  Commit,
  CommitResult,
  JsonValue,
  Message,
  NewMessage,
  ReadResult,
  SessionAccess,
  SessionMark,
  SessionStore,
} from '@agent-sessions/session-core';

import type { CaseContext } from './case.ts';
import { codeOf } from './refused.ts';
import { same } from './same.ts';

/** What a user says. */
export function said(content: unknown): NewMessage {
  return { role: 'user', content };
}

/** Commits a change under an operation id of its own. */
export function change(
  store: SessionStore,
  id: string,
  commit: Omit<Commit, 'operationId'>,
): Promise<CommitResult> {
  return store.commit(id, { ...commit, operationId: newOperationId() });
}

/** Appends one message for each text, in one commit. */
export function append(store: SessionStore, id: string, ...texts: string[]): Promise<CommitResult> {
  return change(store, id, { append: texts.map(said) });
}

/** What was said, message by message. */
export function contents(messages: readonly Message[]): unknown[] {
  return messages.map((message) => message.content);
}

/** What was said in a session, all of it. */
export async function history(store: SessionStore, id: string): Promise<unknown[]> {
  return contents((await store.read(id)).messages);
}

/** Creates a session with these values. */
export async function createdWith(
  store: SessionStore,
  id: string,
  state: NonNullable<Commit['state']>,
): Promise<CommitResult> {
  await store.create(id);
  return change(store, id, { state });
}

/** The named values of a session, by the order of their names, without their revisions. */
export async function valuesOf(
  store: SessionStore,
  id: string,
  names?: readonly string[],
): Promise<Record<string, JsonValue>> {
  const values = Object.entries(await store.state(id, { names })).toSorted(([one], [other]) =>
    one < other ? -1 : 1,
  );
  return Object.fromEntries(values.map(([name, { value }]) => [name, value]));
}

/** The mark of a session that must be there. */
export async function markOf(store: SessionStore, id: string): Promise<SessionMark> {
  return known((await store.read(id)).mark, 'the mark');
}

/** A value that must be there. */
export function known<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) assert.fail(`${what} is missing`);
  return value;
}

/** Whether a session is there. */
export async function isThere(store: SessionStore, id: string): Promise<boolean> {
  try {
    return (await store.metadata(id)) !== undefined;
  } catch (error) {
    if (codeOf(error) === 'session_not_found') return false;
    throw error;
  }
}

/** All ids that a store lists. That one comes twice is not forbidden. */
export async function listed(store: SessionStore, access?: SessionAccess): Promise<string[]> {
  const ids = new Set<string>();
  for await (const id of store.list(access)) ids.add(id);
  return [...ids].toSorted();
}

/** Holds messages against others; the order of a message's own members does not count. */
export function sameMessages(actual: readonly Message[], expected: readonly Message[]): void {
  const members = ({ id, role, content, timestampMs, agent, tokens, item }: Message) => ({
    ...{ id, role, content, timestampMs, agent, tokens, item },
  });
  same(actual.map(members), expected.map(members), 'the messages');
}

/** Expects the answer to a read of a session that is not there. */
export function isNothing({ messages, mark, continues, first, skipped }: ReadResult): void {
  same([messages, mark, continues, first, skipped], [[], null, false, null, []]);
}

/** Holds two marks against each other. */
export function sameMark(actual: SessionMark | null, expected: SessionMark | null): void {
  const members = (mark: SessionMark | null) =>
    mark && [mark.epoch, mark.generation, mark.length, mark.lastId];
  same(members(actual), members(expected), 'the mark');
}

/** Expects that an action leaves a session as it is. */
export async function unchanged(
  store: SessionStore,
  id: string,
  action: () => Promise<unknown>,
): Promise<void> {
  const all = async () => [
    await store.read(id),
    await store.metadata(id),
    store.capabilities.state && (await store.state(id)),
  ];
  const before = await all();
  await action();
  same(await all(), before, 'the session');
}

/** Several stores on the same sessions, as in several processes. */
export async function several(
  { store, open }: CaseContext,
  count: number,
): Promise<SessionStore[]> {
  const others = Array.from({ length: count - 1 }, () => open());
  return [store, ...(await Promise.all(others))];
}

/** So many commits at the same time, on these stores in turn. */
export function together<T>(
  stores: readonly SessionStore[],
  count: number,
  commit: (store: SessionStore, index: number) => Promise<T>,
): Promise<T[]> {
  const rounds = times(Math.ceil(count / stores.length), () => stores).flat();
  return Promise.all(rounds.slice(0, count).map(commit));
}

/** So many values, made from 0 on. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
