import { EncryptedSessionStore } from '@agent-sessions/session-encryption';
import type { Commit, CommitResult, Message, SessionStore } from '@agent-sessions/session-core';
import { newOperationId } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { expect } from '@jest/globals';

export const sessionId = 'order-desk';
export const otherSessionId = 'order-desk-2';

/** Master keys, the same in each run. */
export const keys = { old: new Uint8Array(32).fill(1), new: new Uint8Array(32).fill(2) };
export const options = { keys, currentKeyId: 'old' };

/** An encrypted store, and the store beneath, which whoever attacks it can write to. */
export function encryptedStore(): { inner: RecordingStore; store: EncryptedSessionStore } {
  const inner = new RecordingStore();
  return { inner, store: new EncryptedSessionStore(inner, options) };
}

/** Keeps what it is told to commit. */
export class RecordingStore extends MemorySessionStore {
  readonly commits: Commit[] = [];

  override commit(id: string, commit: Commit): Promise<CommitResult> {
    this.commits.push(commit);
    return super.commit(id, commit);
  }
}

export function change(
  store: SessionStore,
  commit: Omit<Commit, 'operationId'>,
  id = sessionId,
): Promise<CommitResult> {
  return store.commit(id, { operationId: newOperationId(), ...commit });
}

/** Appends one message of the user for each text, in one commit. */
export function say(store: SessionStore, ...texts: string[]): Promise<CommitResult> {
  return change(store, { append: texts.map((content) => ({ role: 'user', content })) });
}

export async function contents(store: SessionStore, id = sessionId): Promise<unknown[]> {
  return (await store.read(id)).messages.map((message) => message.content);
}

/** The messages as the store beneath has them. */
export async function stored(inner: SessionStore, id = sessionId): Promise<Message[]> {
  return (await inner.read(id)).messages;
}

/** The text that stands in the place of a message's content. */
export function envelopeOf(message: Message | undefined): string {
  if (typeof message?.content === 'string') return message.content;
  throw new TypeError('The content of the message is no text.');
}

/** What an attacker does: puts other messages in the place of all that are there. */
export async function replaceStored(
  inner: SessionStore,
  messages: readonly Message[],
  id = sessionId,
): Promise<void> {
  await change(inner, { drop: 'all', append: messages }, id);
}

/** Expects a call to fail with a code, naming a message, and the store beneath to stay as it is. */
export async function refuses(
  call: () => Promise<unknown>,
  inner: SessionStore,
  { code = 'damaged_message', index }: { code?: string; index: number },
): Promise<void> {
  const state = async () => [await inner.read(sessionId), await inner.metadata(sessionId)];
  const before = await state();
  await expect(call()).rejects.toMatchObject({
    name: 'SessionError',
    code,
    field: `messages[${index}]`,
    outcome: 'not_applied',
  });
  expect(await state()).toEqual(before);
}
