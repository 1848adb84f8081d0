import type { ReadQuery } from '@agent-sessions/session-core';
import { EncryptedSessionStore } from '@agent-sessions/session-encryption';
import { describe, expect, test } from '@jest/globals';

import { PartlyDamagedStore } from '../../session-memory/test/partly-damaged-store.ts';
import { change, keys, options, say, sessionId } from './encrypted-sessions.ts';

async function conversation(...damaged: number[]) {
  const inner = new PartlyDamagedStore();
  const store = new EncryptedSessionStore(inner, options);
  for (const [index, role] of (['user', 'assistant', 'user', 'tool', 'user'] as const).entries()) {
    await change(store, { append: [{ role, content: index }] });
  }
  inner.damaged = damaged;
  return { inner, store };
}

async function contentsOf(store: EncryptedSessionStore, query?: ReadQuery) {
  const { messages, first, skipped } = await store.read(sessionId, query);
  return { contents: messages.map(({ content }) => content), first, skipped: [...skipped] };
}

describe('A2 beside messages that cannot be read', () => {
  test('each other message stands where it stands', async () => {
    const { store } = await conversation(0, 2);
    const rest = { first: 1, skipped: [0, 2] };
    expect(await contentsOf(store)).toEqual({ contents: [1, 3, 4], ...rest });
    const last = { contents: [3, 4], first: 3, skipped: [] };
    expect(await contentsOf(store, { last: 2 })).toEqual(last);
    expect(await contentsOf(store, { last: 3 })).toEqual({
      contents: [1, 3, 4],
      first: 1,
      skipped: [2],
    });
    expect(await contentsOf(store, { before: 4, last: 1 })).toMatchObject({ contents: [3] });
    expect(await contentsOf(store, { role: 'user' })).toMatchObject({ contents: [4] });
    expect(await contentsOf(store, { role: 'tool' })).toMatchObject({ contents: [3] });
  });

  test('a new one is added after all of them', async () => {
    const { inner, store } = await conversation(1, 4);
    await say(store, 'new');
    inner.damaged = [];
    expect((await contentsOf(store)).contents).toEqual([0, 1, 2, 3, 4, 'new']);
  });

  test('a tail that holds one is dropped only where that is asked for', async () => {
    const { store } = await conversation(3);
    const drop = { drop: 2, returnDropped: true };
    await expect(change(store, drop)).rejects.toMatchObject({
      code: 'damaged_message',
      field: 'messages[3]',
    });
    expect((await contentsOf(store)).contents).toEqual([0, 1, 2, 4]);
    const commit = { operationId: 'once', ...drop, dropUnreadable: true };
    const first = await store.commit(sessionId, commit);
    expect(first.dropped.map(({ content }) => content)).toEqual([4]);
    expect((await contentsOf(store)).contents).toEqual([0, 1, 2]);
  });

  test('what was encrypted under a lost key is dropped unread where that is asked for', async () => {
    const { inner } = await conversation();
    const other = { keys: { new: keys.new }, currentKeyId: 'new' };
    const store = new EncryptedSessionStore(inner, other);
    await say(store, 'readable');
    const drop = { drop: 2, returnDropped: true };
    await expect(change(store, drop)).rejects.toMatchObject({ code: 'permission_denied' });
    const { dropped, mark } = await change(store, { ...drop, dropUnreadable: true });
    expect([dropped.map(({ content }) => content), mark?.length]).toEqual([['readable'], 4]);
  });

  test('nothing is encrypted again, for that would leave them out', async () => {
    const { inner } = await conversation(2);
    const store = new EncryptedSessionStore(inner, { keys, currentKeyId: 'new' });
    const before = await inner.read(sessionId);
    await expect(store.reencrypt(sessionId)).rejects.toMatchObject({ field: 'messages[2]' });
    expect(await inner.read(sessionId)).toEqual(before);
  });
});
