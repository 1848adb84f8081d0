import type { Commit, CommitResult } from '@agent-sessions/session-core';
import { conflict } from '@agent-sessions/session-core';
import { EncryptedSessionStore } from '@agent-sessions/session-encryption';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, expect, test } from '@jest/globals';

import {
  change,
  contents,
  encryptedStore,
  options,
  RecordingStore,
  say,
  sessionId,
} from './encrypted-sessions.ts';

/** Stores on the same sessions that know nothing of each other, as in several processes. */
function several(count: number) {
  const inner = new RecordingStore();
  const stores = Array.from({ length: count }, () => new EncryptedSessionStore(inner, options));
  return { inner, stores };
}

function texts(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

describe('several stores on one session', () => {
  test('keep all messages, each its own in order', async () => {
    const { stores } = several(5);
    const writers = stores.map(async (store, name) => {
      for (const text of texts(`${name}.`, 20)) await say(store, text, `${text}!`);
    });
    await Promise.all(writers);
    for (const store of stores) {
      const all = (await contents(store)).map(String);
      expect(all.length).toBe(200);
      for (const [name] of stores.entries()) {
        const own = all.filter((text) => text.startsWith(`${name}.`));
        expect(own).toEqual(texts(`${name}.`, 20).flatMap((text) => [text, `${text}!`]));
      }
      for (let at = 0; at < all.length; at += 2) expect(all[at + 1]).toBe(`${all[at]}!`);
    }
  });

  test('keep all messages that are added at the same time', async () => {
    const { stores } = several(4);
    const all = stores.flatMap((store, name) =>
      texts(`${name}.`, 25).map((text) => ({ store, text })),
    );
    await Promise.all(all.map(({ store, text }) => say(store, text)));
    const expected = all.map(({ text }) => text).toSorted();
    expect((await contents(stores[0] ?? missing())).map(String).toSorted()).toEqual(expected);
  });

  test('pop each message once', async () => {
    const { stores } = several(5);
    const [store = missing()] = stores;
    await say(store, ...texts('', 20));
    const pops = stores.flatMap((each) =>
      texts('', 10).map(() => change(each, { drop: 1, returnDropped: true })),
    );
    const popped = (await Promise.all(pops)).flatMap(({ dropped }) => dropped);
    expect(new Set(popped.map(({ content }) => content))).toEqual(new Set(texts('', 20)));
    expect(popped.length).toBe(20);
    expect(await contents(store)).toEqual([]);
  });

  test('see a session that another has deleted, made anew or shortened', async () => {
    const [one = missing(), other = missing()] = several(2).stores;
    await say(one, 'a', 'b', 'c');
    await say(other, 'd');
    await change(one, { drop: 3 });
    await say(other, 'e');
    expect(await contents(one)).toEqual(['a', 'e']);
    await other.delete(sessionId);
    await say(one, 'f');
    expect(await contents(other)).toEqual(['f']);
    await one.delete(sessionId);
    await say(one, 'g', 'h');
    await say(other, 'i');
    expect(await contents(one)).toEqual(['g', 'h', 'i']);
  });
});

describe('a commit', () => {
  test('is one call where nobody else writes, and is repeated where somebody did', async () => {
    const { inner, stores } = several(2);
    const [one = missing(), other = missing()] = stores;
    const calls = async (call: () => Promise<unknown>) => {
      const before = inner.commits.length;
      await call();
      return inner.commits.length - before;
    };
    expect(await calls(() => say(one, 'a'))).toBe(1);
    expect(await calls(() => say(one, 'b'))).toBe(1);
    expect(await calls(() => say(other, 'c'))).toBe(1);
    expect(await calls(() => say(one, 'd'))).toBe(2);
    expect(await calls(() => change(one, { append: [], agent: 'Desk' }))).toBe(1);
    await one.delete(sessionId);
    expect(await calls(() => say(one, 'e'))).toBe(1);
  });

  test('that expects a mark is refused where history moved on, and is not tried again', async () => {
    const { inner, stores } = several(2);
    const [one = missing(), other = missing()] = stores;
    const { mark } = await say(one, 'a');
    await say(other, 'b');
    inner.commits.length = 0;
    for (const drop of [0, 1]) {
      const commit = { drop, append: [{ role: 'user', content: 'c' }], expect: mark } as const;
      await expect(change(one, commit)).rejects.toMatchObject({ code: 'conflict' });
    }
    expect(inner.commits.map((commit) => commit.expect)).toEqual([mark, mark]);
    expect(await contents(one)).toEqual(['a', 'b']);
  });

  test('that expects nothing or an epoch is refused for that alone', async () => {
    const [one = missing(), other = missing()] = several(2).stores;
    const append = [{ role: 'user', content: 'x' }] as const;
    const { mark } = await change(one, { append, expect: null });
    await expect(change(other, { append, expect: null })).rejects.toMatchObject({
      code: 'conflict',
    });
    const { epoch = '' } = mark ?? {};
    await change(other, { append, expect: { epoch } });
    await change(one, { append, expect: { epoch } });
    await other.delete(sessionId);
    for (const isThere of [false, true]) {
      if (isThere) await say(other, 'new');
      await expect(change(one, { append, expect: { epoch } })).rejects.toMatchObject({
        code: 'session_not_found',
      });
    }
    expect(await contents(one)).toEqual(['new']);
  });

  test('gives up where others are always quicker, and says what to do', async () => {
    class BusyStore extends MemorySessionStore {
      override async commit(id: string): Promise<CommitResult> {
        throw conflict(id);
      }
    }
    const store = new EncryptedSessionStore(new BusyStore(), options);
    const commit = { operationId: 'once', append: [{ role: 'user', content: 'x' }] } as const;
    await expect(store.commit(sessionId, commit)).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
      operationId: 'once',
    });
    const signal = AbortSignal.timeout(300);
    await expect(store.commit(sessionId, { ...commit, signal })).rejects.toMatchObject({
      code: 'aborted',
      outcome: 'not_applied',
    });
  });

  test('waits for others of its store, but not for one that hangs, nor after its signal', async () => {
    const inner = new HangingStore();
    const store = new EncryptedSessionStore(inner, options);
    await store.create(sessionId);
    const hanging = say(store, 'first');
    const signal = AbortSignal.timeout(50);
    const append = [{ role: 'user', content: 'aborted' }] as const;
    const aborted = change(store, { append, signal });
    const patient = say(store, 'second');
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    await patient;
    expect(await contents(store)).toEqual(['second']);
    inner.goOn();
    await hanging;
    expect(await contents(store)).toEqual(['second', 'first']);
  });

  test('whose outcome is not known is done once when it is repeated', async () => {
    const inner = new ForgetfulStore();
    const store = new EncryptedSessionStore(inner, options);
    const commit = { operationId: 'once', append: [{ role: 'user', content: 'x' }] } as const;
    await expect(store.commit(sessionId, commit)).rejects.toThrow('lost');
    expect((await store.commit(sessionId, commit)).repeated).toBe(true);
    expect(await contents(store)).toEqual(['x']);
  });
});

describe('an operation id', () => {
  const operation: Commit = {
    operationId: 'once',
    drop: 2,
    append: [{ role: 'assistant', content: 'answer', item: { b: 1, a: [] } }],
    returnDropped: true,
  };

  test('answers what it answered first, in any process, after history has moved on', async () => {
    const [one = missing(), other = missing()] = several(2).stores;
    await say(one, 'a', 'b', 'c');
    const first = await one.commit(sessionId, operation);
    expect(first.dropped.map(({ content }) => content)).toEqual(['b', 'c']);
    await say(other, 'd');
    await change(other, { drop: 2 });
    for (const store of [one, other]) {
      const again = await store.commit(sessionId, operation);
      expect(again).toEqual({ ...first, repeated: true });
    }
    expect(await contents(one)).toEqual(['a']);
  });

  test('is refused for another content, and for another intent', async () => {
    const { store } = encryptedStore();
    await say(store, 'a', 'b', 'c');
    await store.commit(sessionId, operation);
    const other = { ...operation, append: [{ role: 'assistant', content: 'Answer' }] } as const;
    const code = 'operation_reused';
    await expect(store.commit(sessionId, other)).rejects.toMatchObject({ code });

    const intended = { operationId: 'twice', append: [], intent: { add: ['x', 'y'] } };
    await store.commit(sessionId, intended);
    const sameIntent = { ...intended, append: [{ role: 'user', content: 'y' }] } as const;
    expect((await store.commit(sessionId, sameIntent)).repeated).toBe(true);
    const otherIntent = { ...sameIntent, intent: { add: ['x', 'z'] } };
    await expect(store.commit(sessionId, otherIntent)).rejects.toMatchObject({ code });
  });
});

/** Hangs in its first commit until it is told to go on. */
class HangingStore extends MemorySessionStore {
  goOn = () => {};
  #hangs = true;

  override async commit(id: string, commit: Commit): Promise<CommitResult> {
    if (this.#hangs) {
      this.#hangs = false;
      await new Promise<void>((resolve) => {
        this.goOn = resolve;
      });
    }
    return super.commit(id, commit);
  }
}

/** Makes its first commit and loses the answer. */
class ForgetfulStore extends MemorySessionStore {
  #forgets = true;

  override async commit(id: string, commit: Commit): Promise<CommitResult> {
    const result = await super.commit(id, commit);
    if (!this.#forgets) return result;
    this.#forgets = false;
    throw new Error('The answer was lost.');
  }
}

function missing(): never {
  throw new Error('There are as many stores as were asked for.');
}
