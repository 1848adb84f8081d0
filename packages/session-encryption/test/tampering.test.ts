import type { Message, SessionStore } from '@agent-sessions/session-core';
import { EncryptedSessionStore } from '@agent-sessions/session-encryption';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  change,
  contents,
  encryptedStore,
  envelopeOf,
  keys,
  otherSessionId,
  refuses,
  replaceStored,
  say,
  sessionId,
  stored,
} from './encrypted-sessions.ts';

/** A session of five messages of different roles, and what the store beneath has of it. */
async function conversation() {
  const { inner, store } = encryptedStore();
  const turns = ['system', 'user', 'assistant', 'user', 'tool'] as const;
  for (const role of turns) {
    await change(store, {
      append: [{ role, content: `${role} says`, item: { type: 'x' }, agent: 'Desk', tokens: 3 }],
    });
  }
  const messages = await stored(inner);
  const replace = (index: number, message: Partial<Message>) =>
    replaceStored(
      inner,
      messages.map((each, at) => (at === index ? { ...each, ...message } : each)),
    );
  return { inner, store, messages, replace };
}

describe('F22 an envelope that was changed is a damaged message', () => {
  test('at every one of its characters', async () => {
    const { inner, store, messages, replace } = await conversation();
    const envelope = envelopeOf(messages[2]);
    for (let at = 0; at < envelope.length; at += 1) {
      for (const other of ['A', 'z', '0', '_', '.', '=', ' ']) {
        if (envelope[at] === other) continue;
        await replace(2, { content: envelope.slice(0, at) + other + envelope.slice(at + 1) });
        // Another key id that is well formed is one that we do not have.
        const isKeyId = at >= 5 && at < 8 && /\w/.test(other);
        const code = isKeyId ? 'permission_denied' : 'damaged_message';
        await refuses(() => store.read(sessionId), inner, { code, index: 2 });
      }
    }
  });

  test('at every one of its bits', async () => {
    const { inner, store, messages, replace } = await conversation();
    const parts = envelopeOf(messages[2]).split('.');
    for (const part of [3, 4, 5]) {
      const bytes = Buffer.from(parts[part] ?? '', 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const content = parts.with(part, changed.toString('base64url')).join('.');
        await replace(2, { content });
        await refuses(() => store.read(sessionId), inner, { index: 2 });
      }
    }
  });

  test('cut anywhere, at either end, and with something added', async () => {
    const { inner, store, messages, replace } = await conversation();
    const envelope = envelopeOf(messages[2]);
    const parts = envelope.split('.');
    const changed = [
      ...Array.from({ length: envelope.length }, (_, length) => envelope.slice(0, length)),
      ...Array.from({ length: envelope.length }, (_, length) => envelope.slice(length + 1)),
      ...['.', '=', ' ', '\n', 'A', 'AAAA', '.AAAA'].map((more) => envelope + more),
      ...[' ', '\ufeff', '.'].map((more) => more + envelope),
      ...parts.map((_, index) => parts.toSpliced(index, 1).join('.')),
      ...parts.map((_, index) => parts.with(index, '').join('.')),
    ];
    for (const content of changed) {
      await replace(2, { content });
      await refuses(() => store.read(sessionId), inner, { index: 2 });
    }
  });

  test('the same bytes in other words', async () => {
    const { inner, store, messages, replace } = await conversation();
    const parts = envelopeOf(messages[2]).split('.');
    const last = parts[5] ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const unusedBits = alphabet[alphabet.indexOf(last.at(-1) ?? '') ^ 1] ?? '';
    const changed = [
      parts.with(5, last.slice(0, -1) + unusedBits),
      parts.with(5, `${last}==`),
      parts.with(2, '02'),
      parts.with(2, '+2'),
      parts.with(2, '2e0'),
      parts.with(0, 'ENC1'),
    ];
    for (const other of changed) {
      await replace(2, { content: other.join('.') });
      await refuses(() => store.read(sessionId), inner, { index: 2 });
    }
  });

  test('something else in its place', async () => {
    const { inner, store, messages, replace } = await conversation();
    const envelope = envelopeOf(messages[2]);
    for (const content of ['', 'plain text', null, 7, [envelope], { envelope }]) {
      await replace(2, { content });
      await refuses(() => store.read(sessionId), inner, { index: 2 });
    }
  });
});

describe('F22 a message that was changed or moved is a damaged message', () => {
  test('whatever of it was changed', async () => {
    const { inner, store, messages, replace } = await conversation();
    for (const changed of [
      { role: 'system' },
      { role: 'user' },
      { id: 'other' },
      { agent: 'Other' },
      { agent: null },
      { tokens: 4 },
      { tokens: null },
      { timestampMs: (messages[2]?.timestampMs ?? 0) + 1 },
      { item: {} },
      { item: { type: 'x' } },
    ] as const) {
      await replace(2, changed);
      await refuses(() => store.read(sessionId), inner, { index: 2 });
    }
  });

  test('in whatever order the messages are put', async () => {
    const { inner, store, messages } = await conversation();
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4]);
    await fc.assert(
      fc.asyncProperty(order, async (indexes) => {
        await replaceStored(
          inner,
          indexes.flatMap((index) => messages[index] ?? []),
        );
        const wrong = indexes.findIndex((index, at) => index !== at);
        if (wrong >= 0) await refuses(() => store.read(sessionId), inner, { index: wrong });
        // The tail was cut, as a pop would do.
        else expect((await contents(store)).length).toBe(indexes.length);
      }),
    );
  });

  test('copied to another place', async () => {
    const { inner, store, messages, replace } = await conversation();
    await replace(1, messages[3] ?? {});
    await refuses(() => store.read(sessionId), inner, { index: 1 });
    await replaceStored(inner, [...messages, ...messages]);
    await refuses(() => store.read(sessionId), inner, { index: 5 });
  });

  test('an envelope put beside another message', async () => {
    const { inner, store, messages, replace } = await conversation();
    await replace(1, { content: envelopeOf(messages[3]) });
    await refuses(() => store.read(sessionId), inner, { index: 1 });
  });

  test('moved to another session, at its position', async () => {
    const { inner, store, messages, replace } = await conversation();
    await change(store, { append: [{ role: 'system', content: 'foreign' }] }, otherSessionId);
    const [foreign] = await stored(inner, otherSessionId);
    await replace(0, foreign ?? {});
    await refuses(() => store.read(sessionId), inner, { index: 0 });
    await replaceStored(inner, messages, otherSessionId);
    await expect(store.read(otherSessionId)).rejects.toMatchObject({ code: 'damaged_message' });
  });

  test('a popped one that is put back at another position', async () => {
    const { inner, store } = await conversation();
    const popped = (await stored(inner)).slice(-1);
    await change(store, { drop: 1 });
    await say(store, 'in its place');
    await change(inner, { append: popped });
    await refuses(() => store.read(sessionId), inner, { index: 5 });
    await change(inner, { drop: 2, append: popped.concat(popped) });
    await refuses(() => store.read(sessionId), inner, { index: 5 });
  });
});

describe('F22 every read', () => {
  const changed = { content: 'not an envelope' };

  test('names the place of the message in its history', async () => {
    const { inner, store, replace } = await conversation();
    await replace(3, changed);
    for (const query of [
      {},
      { last: 2 },
      { last: 100 },
      { role: 'user' },
      { role: 'user', last: 1 },
    ] as const) {
      await refuses(() => store.read(sessionId, query), inner, { index: 3 });
    }
  });

  test('since a mark, too', async () => {
    const { inner, store } = await conversation();
    const { mark: since } = await say(store, 'before');
    await say(store, 'one', 'two');
    const popped = (await stored(inner)).slice(-1);
    if (!since) throw new Error('There is a mark.');
    expect((await store.read(sessionId, { since })).messages.length).toBe(2);
    await change(inner, { append: popped });
    await refuses(() => store.read(sessionId, { since }), inner, { index: 8 });
  });

  test('of what was not changed succeeds', async () => {
    const { store, replace } = await conversation();
    await replace(1, changed);
    expect((await store.read(sessionId, { last: 3 })).messages.length).toBe(3);
    expect((await store.read(sessionId, { last: 0 })).messages).toEqual([]);
    expect((await store.read(sessionId, { role: 'user', last: 1 })).messages.length).toBe(1);
    expect((await store.read(sessionId, { role: 'tool' })).messages.length).toBe(1);
    await expect(say(store, 'more')).resolves.toMatchObject({ mark: { length: 6 } });
  });

  test('of a role takes no message twice, and none of another role', async () => {
    const { inner, store, messages, replace } = await conversation();
    await replace(3, messages[1] ?? {});
    await refuses(() => store.read(sessionId, { role: 'user' }), inner, { index: 3 });
    await replaceStored(
      inner,
      [0, 3, 2, 1, 4].flatMap((index) => messages[index] ?? []),
    );
    await refuses(() => store.read(sessionId, { role: 'user' }), inner, { index: 1 });
    await replace(2, { role: 'user' });
    await refuses(() => store.read(sessionId, { role: 'user' }), inner, { index: 2 });
  });
});

describe('F22 a key', () => {
  test('that is another is a damaged message', async () => {
    const { inner } = await conversation();
    const store = new EncryptedSessionStore(inner, {
      keys: { old: keys.new },
      currentKeyId: 'old',
    });
    await refuses(() => store.read(sessionId), inner, { index: 0 });
    await refuses(() => pop(store), inner, { index: 4 });
  });

  test('that is not there is permission denied', async () => {
    const { inner } = await conversation();
    const store = new EncryptedSessionStore(inner, {
      keys: { new: keys.new },
      currentKeyId: 'new',
    });
    const code = 'permission_denied';
    await refuses(() => store.read(sessionId), inner, { code, index: 0 });
    await refuses(() => store.read(sessionId, { role: 'user' }), inner, { code, index: 1 });
    await refuses(() => pop(store), inner, { code, index: 4 });
    await expect(store.read(sessionId)).rejects.toThrow('"old"');
  });

  test('that is claimed by an envelope, but is not the one, is a damaged message', async () => {
    const { inner, store, messages, replace } = await conversation();
    await replace(2, { content: envelopeOf(messages[2]).replace('.old.', '.new.') });
    await refuses(() => store.read(sessionId), inner, { index: 2 });
  });
});

describe('F22 what cannot be read', () => {
  test('is not popped', async () => {
    const { inner, store, messages, replace } = await conversation();
    await replace(4, { content: 'not an envelope' });
    await refuses(() => pop(store), inner, { index: 4 });
    const { mark } = await store.read(sessionId, { last: 0 });
    await refuses(() => pop(store, { expect: mark }), inner, { index: 4 });
    await refuses(() => pop(store, { drop: 'all' }), inner, { index: 4 });
    const commit = { drop: 2, append: [{ role: 'user', content: 'new' }] } as const;
    await refuses(() => pop(store, commit), inner, { index: 4 });
    await replaceStored(inner, messages);
    expect((await pop(store)).dropped[0]?.content).toBe('tool says');
  });

  test('is dropped by who does not want to read it', async () => {
    const { store, replace } = await conversation();
    await replace(4, { content: 'not an envelope' });
    await change(store, { drop: 1 });
    expect((await contents(store)).length).toBe(4);
  });

  test('does not keep an earlier operation from its answer', async () => {
    const { inner, store, messages, replace } = await conversation();
    const operation = { operationId: 'once', drop: 1, returnDropped: true };
    const first = await store.commit(sessionId, operation);
    await replaceStored(inner, messages.slice(0, 4));
    await replace(3, { content: 'not an envelope' });
    const again = await store.commit(sessionId, operation);
    expect([again.repeated, again.dropped]).toEqual([true, first.dropped]);
    const reuse = () => store.commit(sessionId, { ...operation, drop: 2 });
    await expect(reuse()).rejects.toMatchObject({ code: 'operation_reused' });
  });

  test('says nothing of what was said', async () => {
    const { store, replace } = await conversation();
    await replace(2, { role: 'tool' });
    const error: unknown = await store.read(sessionId).catch((damage: unknown) => damage);
    const texts = JSON.stringify(inside(error));
    expect(texts).toContain('left as it is');
    expect(texts).not.toContain('says');
  });
});

/** What nobody can tell without a second place to remember it in; the README says so. */
describe('what is not noticed', () => {
  test('a tail that was cut off', async () => {
    const { inner, store, messages } = await conversation();
    await replaceStored(inner, messages.slice(0, 2));
    expect(await contents(store)).toEqual(['system says', 'user says']);
  });

  test('an earlier message that was put back where it stood', async () => {
    const { inner, store, messages } = await conversation();
    await change(store, { drop: 1, append: [{ role: 'tool', content: 'another' }] });
    await replaceStored(inner, messages);
    expect((await contents(store)).at(-1)).toBe('tool says');
  });
});

function pop(store: SessionStore, commit = {}) {
  return change(store, { drop: 1, returnDropped: true, ...commit });
}

function inside(error: unknown): unknown[] {
  return error instanceof Error
    ? [error.message, Object.entries(error), ...inside(error.cause)]
    : [];
}
