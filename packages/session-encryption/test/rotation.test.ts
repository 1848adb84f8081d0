import type { ReadQuery, ReadResult } from '@agent-sessions/session-core';
import { EncryptedSessionStore } from '@agent-sessions/session-encryption';
import { describe, expect, test } from '@jest/globals';

import {
  change,
  contents,
  encryptedStore,
  envelopeOf,
  keys,
  options,
  RecordingStore,
  refuses,
  replaceStored,
  say,
  sessionId,
  stored,
} from './encrypted-sessions.ts';

const rotated = { keys, currentKeyId: 'new' };
const newOnly = { keys: { new: keys.new }, currentKeyId: 'new' };

/** A session that was begun under the old key, and a store of the new one. */
async function rotatedSession(inner = new RecordingStore()) {
  const before = new EncryptedSessionStore(inner, options);
  const append = [
    { role: 'user', content: -0, item: { z: [], a: {} }, tokens: 3, agent: 'Desk', id: 'm' },
    { role: 'tool', content: 'two' },
  ] as const;
  await change(before, { append, agent: 'Desk', userId: 'ada' });
  return { inner, before, store: new EncryptedSessionStore(inner, rotated) };
}

async function keyIds(inner: RecordingStore): Promise<unknown[]> {
  return (await stored(inner)).map((message) => envelopeOf(message).split('.')[1]);
}

describe('F22 after a rotation', () => {
  test('old messages are read, new ones are under the new key', async () => {
    const { inner, before, store } = await rotatedSession();
    await say(store, 'three');
    expect(await keyIds(inner)).toEqual(['old', 'old', 'new']);
    expect(await contents(store)).toEqual([-0, 'two', 'three']);
    expect(await before.read(sessionId)).toEqual(await store.read(sessionId));
    const withoutOld = new EncryptedSessionStore(inner, newOnly);
    await refuses(() => withoutOld.read(sessionId), inner, { code: 'permission_denied', index: 0 });
    expect((await withoutOld.read(sessionId, { last: 1 })).messages[0]?.content).toBe('three');
  });

  test('an operation of before answers what it answered then, and is no other', async () => {
    const { inner, before, store } = await rotatedSession();
    const pop = { operationId: 'pop', drop: 1, returnDropped: true };
    const first = await before.commit(sessionId, pop);
    const add = { operationId: 'add', append: [{ role: 'user', content: 'x' }] } as const;
    await before.commit(sessionId, add);
    expect(await store.commit(sessionId, pop)).toEqual({ ...first, repeated: true });
    expect((await store.commit(sessionId, add)).repeated).toBe(true);
    expect((await new EncryptedSessionStore(inner, options).commit(sessionId, add)).repeated).toBe(
      true,
    );
    const other = { ...add, append: [{ role: 'user', content: 'y' }] } as const;
    await expect(store.commit(sessionId, other)).rejects.toMatchObject({
      code: 'operation_reused',
    });
    expect(await contents(store)).toEqual([-0, 'x']);
  });
});

describe('encrypting a session again', () => {
  test('changes nothing but the key, and the old one is needed no more', async () => {
    const { inner, store } = await rotatedSession();
    await say(store, 'three');
    const { messages, mark } = await store.read(sessionId);
    const { updatedAtMs: _, ...metadata } = (await store.metadata(sessionId)) ?? {};
    expect(await store.reencrypt(sessionId, { userId: 'ada' })).toBe(true);
    expect(await keyIds(inner)).toEqual(['new', 'new', 'new']);
    const after = new EncryptedSessionStore(inner, newOnly);
    const read = await after.read(sessionId, { since: mark ?? undefined });
    expect(JSON.stringify(read.messages)).toBe(JSON.stringify(messages));
    expect(read.continues).toBe(false);
    expect(Object.is(read.messages[0]?.content, -0)).toBe(true);
    expect(await after.metadata(sessionId)).toMatchObject(metadata);
    await say(after, 'four');
    expect((await contents(store)).at(-1)).toBe('four');
  });

  test('has nothing to do where all is under the current key', async () => {
    const { inner, before, store } = await rotatedSession();
    await store.reencrypt(sessionId);
    inner.commits.length = 0;
    expect(await store.reencrypt(sessionId)).toBe(false);
    expect(await store.reencrypt('no such session')).toBe(false);
    expect(await store.reencrypt(sessionId, { userId: 'bob' })).toBe(false);
    expect(inner.commits).toEqual([]);
    expect(await before.reencrypt(sessionId)).toBe(true);
    expect(await keyIds(inner)).toEqual(['old', 'old']);
  });

  test('is refused where history moves on meanwhile', async () => {
    /** Somebody adds a message as soon as the whole history was read. */
    class ReadAndThenAdded extends RecordingStore {
      isFound = false;

      override async read(id: string, query?: ReadQuery): Promise<ReadResult> {
        const result = await super.read(id, query);
        if (this.isFound) {
          this.isFound = false;
          await say(new EncryptedSessionStore(this, options), 'meanwhile');
        }
        return result;
      }
    }
    const inner = new ReadAndThenAdded();
    const { store } = await rotatedSession(inner);
    inner.isFound = true;
    await expect(store.reencrypt(sessionId)).rejects.toMatchObject({ code: 'conflict' });
    expect(await keyIds(inner)).toEqual(['old', 'old', 'old']);
    expect(await store.reencrypt(sessionId)).toBe(true);
    expect(await contents(store)).toEqual([-0, 'two', 'meanwhile']);
  });

  test('is refused where a message cannot be read', async () => {
    const { inner, store } = await rotatedSession();
    const messages = await stored(inner);
    await replaceStored(inner, messages.toReversed());
    await refuses(() => store.reencrypt(sessionId), inner, { index: 0 });
    await replaceStored(inner, messages);
    const code = 'permission_denied';
    const withoutOld = new EncryptedSessionStore(inner, newOnly);
    await refuses(() => withoutOld.reencrypt(sessionId), inner, { code, index: 0 });
    const forgetOperations = true;
    await refuses(() => withoutOld.reencrypt(sessionId, { forgetOperations }), inner, {
      code,
      index: 0,
    });
  });

  test('forgets operations of the old key if it is told to', async () => {
    const { inner, before, store } = await rotatedSession();
    const pop = { operationId: 'pop', drop: 1, returnDropped: true };
    await before.commit(sessionId, pop);
    await store.reencrypt(sessionId);
    expect((await store.commit(sessionId, pop)).repeated).toBe(true);
    expect(await store.reencrypt(sessionId, { forgetOperations: true })).toBe(true);
    const after = new EncryptedSessionStore(inner, newOnly);
    expect((await after.commit(sessionId, pop)).repeated).toBe(false);
  });

  test('brings in a session that was written without encryption, by hand', async () => {
    const { inner, store } = encryptedStore();
    await say(inner, 'plain', 'text');
    await refuses(() => store.read(sessionId), inner, { index: 0 });
    await refuses(() => store.reencrypt(sessionId), inner, { index: 0 });
    const { messages, mark } = await inner.read(sessionId);
    await change(store, { drop: 'all', append: messages, expect: mark, forgetOperations: true });
    expect((await store.read(sessionId)).messages).toEqual(messages);
    expect(await keyIds(inner)).toEqual(['old', 'old']);
  });
});
