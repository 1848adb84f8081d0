import type { JsonValue, SessionStore } from '@agent-sessions/session-core';
import { EncryptedSessionStore } from '@agent-sessions/session-encryption';
import { describe, expect, test } from '@jest/globals';

import {
  change,
  encryptedStore,
  keys,
  options,
  otherSessionId,
  RecordingStore,
  say,
  sessionId,
} from './encrypted-sessions.ts';

const rotated = { keys, currentKeyId: 'new' };
const newOnly = { keys: { new: keys.new }, currentKeyId: 'new' };
const values = { title: 'My card is 4929', note: { z: [], a: -0 }, turn: 'My card is 4929' };

async function sessionWithValues() {
  const { inner, store } = encryptedStore();
  for (const id of [sessionId, otherSessionId]) {
    await change(store, { append: [{ role: 'user', content: 'hello' }], userId: 'ada' }, id);
    await change(store, { state: values }, id);
  }
  return { inner, store };
}

/** Values without their revisions. */
async function valuesOf(store: SessionStore, id = sessionId) {
  const found = Object.entries(await store.state(id));
  return Object.fromEntries(found.map(([name, { value }]) => [name, value]));
}

/** What an attacker does: sets values past the encryption. */
async function setStored(inner: SessionStore, state: Record<string, JsonValue>, id = sessionId) {
  await change(inner, { state }, id);
}

/** Expects that a value cannot be read, whichever way, and stays as it is. */
async function refuses(
  store: SessionStore,
  inner: SessionStore,
  name: string,
  code = 'damaged_message',
) {
  const before = await inner.state(sessionId);
  const refusal = { name: 'SessionError', code, field: `state.${name}`, outcome: 'not_applied' };
  await expect(store.state(sessionId)).rejects.toMatchObject(refusal);
  await expect(store.state(sessionId, { names: [name] })).rejects.toMatchObject(refusal);
  const page = store.sessions({ userId: 'ada', state: [name] });
  await expect(page).rejects.toMatchObject(refusal);
  expect(await inner.state(sessionId)).toEqual(before);
}

describe('F22 named values', () => {
  test('are encrypted, their names are not', async () => {
    const { inner, store } = await sessionWithValues();
    expect(await valuesOf(store)).toEqual(values);
    const stored = await valuesOf(inner);
    expect(Object.keys(stored).toSorted()).toEqual(['note', 'title', 'turn']);
    for (const value of Object.values(stored)) expect(value).toMatch(/^encv1\.old\.[\w.-]+$/);
    // The same value is another text under another name.
    expect(new Set(Object.values(stored)).size).toBe(3);
    expect(JSON.stringify(inner.commits)).not.toContain('4929');
  });

  test('are removed and compared as without encryption', async () => {
    const { inner, store } = await sessionWithValues();
    const title = (await store.state(sessionId))['title']?.revision ?? 0;
    await change(store, { state: { title: null, note: 1 }, expectState: { title } });
    expect(await valuesOf(store)).toEqual({ note: 1, turn: values.turn });
    expect(Object.keys(await inner.state(sessionId)).toSorted()).toEqual(['note', 'turn']);
    const late = change(store, { state: { title: 'late' }, expectState: { title } });
    await expect(late).rejects.toMatchObject({ code: 'conflict', field: 'expectState.title' });
    expect(await valuesOf(store)).toEqual({ note: 1, turn: values.turn });
  });

  test('stand on pages as they were given', async () => {
    const { store } = await sessionWithValues();
    const { sessions } = await store.sessions({ userId: 'ada', state: ['title', 'note'] });
    const { title, note } = values;
    expect(sessions.map(({ state }) => state)).toEqual([
      { title, note },
      { title, note },
    ]);
  });

  test('are another operation where another is given, and the same where it is not', async () => {
    const { inner, store } = await sessionWithValues();
    const commit = { operationId: 'once', state: { title: 'a' } };
    await store.commit(sessionId, commit);
    expect(await store.commit(sessionId, commit)).toMatchObject({ repeated: true });
    const other = store.commit(sessionId, { ...commit, state: { title: 'b' } });
    await expect(other).rejects.toMatchObject({ code: 'operation_reused' });
    const later = new EncryptedSessionStore(inner, rotated);
    expect(await later.commit(sessionId, commit)).toMatchObject({ repeated: true });
    expect(await valuesOf(store)).toMatchObject({ title: 'a' });
  });
});

describe('F22 a named value that was changed or moved is a damaged message', () => {
  test('to another name, and to another session', async () => {
    const { inner, store } = await sessionWithValues();
    const stored = await valuesOf(inner);
    const theirs = await valuesOf(inner, otherSessionId);
    for (const [name, other] of [
      ['title', stored['turn']],
      ['turn', stored['title']],
      ['title', theirs['title']],
    ] as const) {
      await setStored(inner, { ...stored, [name]: other ?? null });
      await refuses(store, inner, name);
    }
    await setStored(inner, stored);
    expect(await valuesOf(store)).toEqual(values);
  });

  test('at every one of its characters', async () => {
    const { inner, store } = await sessionWithValues();
    const { title } = await valuesOf(inner);
    const envelope = typeof title === 'string' ? title : '';
    for (let at = 0; at < envelope.length; at += 1) {
      for (const other of ['A', 'z', '.', '=']) {
        if (envelope[at] === other) continue;
        await setStored(inner, { title: envelope.slice(0, at) + other + envelope.slice(at + 1) });
        // Another key id that is well formed is one that we do not have.
        const isKeyId = at >= 6 && at < 9 && /\w/.test(other);
        await refuses(store, inner, 'title', isKeyId ? 'permission_denied' : 'damaged_message');
      }
    }
  });

  test('and so is one that was never encrypted, or is the content of a message', async () => {
    const { inner, store } = await sessionWithValues();
    const { messages } = await inner.read(sessionId);
    const { title } = await valuesOf(inner);
    const forged = ['plain', 1, {}, [title ?? null], messages[0]?.content ?? null];
    for (const value of forged) {
      await setStored(inner, { title: value });
      await refuses(store, inner, 'title');
    }
    // Others are read still, and it can be set anew.
    expect(await store.state(sessionId, { names: ['note'] })).toMatchObject({ note: {} });
    await change(store, { state: { title: 'anew' } });
    expect(await valuesOf(store)).toMatchObject({ title: 'anew' });
  });
});

describe('F22 named values after a rotation', () => {
  test('are read under the old key, and are encrypted again with the history', async () => {
    const { inner } = await sessionWithValues();
    const store = new EncryptedSessionStore(inner, rotated);
    await change(store, { state: { young: 1 } });
    expect(await valuesOf(store)).toEqual({ ...values, young: 1 });
    const after = new EncryptedSessionStore(inner, newOnly);
    await expect(after.state(sessionId)).rejects.toMatchObject({ code: 'permission_denied' });

    const { young } = await inner.state(sessionId);
    expect(await store.reencrypt(sessionId)).toBe(true);
    expect(await valuesOf(after)).toEqual({ ...values, young: 1 });
    expect((await after.read(sessionId)).messages).toMatchObject([{ content: 'hello' }]);
    expect((await inner.state(sessionId))['young']).toEqual(young);
    expect(await store.reencrypt(sessionId)).toBe(false);
  });

  test('alone are encrypted again beside the history', async () => {
    const inner = new RecordingStore();
    const store = new EncryptedSessionStore(inner, rotated);
    await say(store, 'hello');
    await change(new EncryptedSessionStore(inner, options), { state: { title: 'a' } });
    const before = [await inner.read(sessionId), await inner.metadata(sessionId)];
    expect(await store.reencrypt(sessionId)).toBe(true);
    expect([await inner.read(sessionId), await inner.metadata(sessionId)]).toEqual(before);
    const { title } = await new EncryptedSessionStore(inner, newOnly).state(sessionId);
    expect(title?.value).toBe('a');
  });

  test('are left alone where one of them was set meanwhile', async () => {
    const { inner } = await sessionWithValues();
    const store = new EncryptedSessionStore(inner, rotated);
    const state = inner.state.bind(inner);
    inner.state = async (...args) => {
      const found = await state(...args);
      inner.state = state;
      await change(new EncryptedSessionStore(inner, options), { state: { title: 'meanwhile' } });
      return found;
    };
    await expect(store.reencrypt(sessionId)).rejects.toMatchObject({ code: 'conflict' });
    expect(await valuesOf(store)).toEqual({ ...values, title: 'meanwhile' });
  });
});

describe('F22 a session of nobody', () => {
  test('is claimed with messages, and with a pop', async () => {
    for (const isKnown of [true, false]) {
      const { inner, store } = encryptedStore();
      await say(store, 'one', 'two');
      const other = isKnown ? store : new EncryptedSessionStore(inner, options);
      const claim = { claim: true, userId: 'ada', drop: 1, returnDropped: true };
      const append = [{ role: 'user', content: 'three' }] as const;
      const { dropped } = await change(other, { ...claim, append });
      expect(dropped).toMatchObject([{ content: 'two' }]);
      const { messages } = await store.read(sessionId, { userId: 'ada' });
      expect(messages).toMatchObject([{ content: 'one' }, { content: 'three' }]);
      const theirs = change(other, { ...claim, userId: 'bob' });
      await expect(theirs).rejects.toMatchObject({ code: 'session_not_found' });
    }
  });
});
