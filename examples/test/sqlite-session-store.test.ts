import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { testSessionStore } from '@agent-sessions/session-conformance';
import { Conversation, openSessionStore } from '@agent-sessions/session-core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'libsql';

import { bundledProgram } from '../../tools/bundled-program.ts';
import { SqliteSessionStore } from '../sqlite-session-store.ts';

const driver = './examples/sqlite-session-store.ts';

let folder = '';
let path = '';

beforeEach(async () => {
  // In memory where that can be had: every commit waits for the disk.
  folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'agent-sessions-'));
  path = join(folder, 'sessions.db');
});

afterEach(() => rm(folder, { recursive: true }));

testSessionStore(
  { describe, it },
  {
    name: 'SqliteSessionStore',
    capabilities: { durable: true, sharedWriters: true, expiry: true, state: true, sessions: true },
    create: () => ({ open: () => new SqliteSessionStore({ path }) }),
  },
);

describe('SqliteSessionStore', () => {
  it('is opened by its URL and the path of its module, in another process again', async () => {
    const url = `sqlite:./${relative('', path)}`;
    const store = await openSessionStore({ url, driver });
    await new Conversation({ store, sessionId: 'of two' }).append([
      { role: 'user', content: 'one' },
    ]);
    await store.close();

    const again = await openSessionStore({ url: `sqlite:${path}`, driver });
    const messages = await new Conversation({ store: again, sessionId: 'of two' }).messages();
    await again.close();
    expect(messages).toMatchObject([{ content: 'one' }]);
  });

  it.each(['sqlite:', 'sqlite', './sessions.db', 'redis://localhost'])(
    'refuses %s',
    async (url) => {
      const opening = openSessionStore({ url, driver });
      await expect(opening).rejects.toMatchObject({ code: 'invalid_argument', field: 'url' });
    },
  );

  it('loses nothing when two processes append to one session at once', async () => {
    const count = 150;
    const programs = ['one', 'two'].map((name) => startAppending(path, name, count));
    await Promise.all(programs.map((program) => program.ready));
    for (const program of programs) program.go();
    expect(await Promise.all(programs.map((program) => program.exitCode))).toEqual([0, 0]);

    const store = new SqliteSessionStore({ path });
    const { messages, mark } = await store.read('of two');
    await store.close();
    const texts = messages.map(({ content }) => JSON.stringify(content));
    expect(mark).toMatchObject({ length: 2 * count, generation: 0 });
    for (const name of ['one', 'two']) {
      const own = texts.filter((text) => text.startsWith(`"${name}`));
      expect(own).toEqual(Array.from({ length: count }, (_, index) => `"${name} ${index}"`));
    }
    // One after the other would show nothing.
    expect(texts.slice(0, count).some((text) => text.startsWith('"one'))).toBe(true);
    expect(texts.slice(0, count).some((text) => text.startsWith('"two'))).toBe(true);
  });

  it('says so when others keep the file busy, and that nothing was written', async () => {
    const store = new SqliteSessionStore({ path, busyTimeoutMs: 50 });
    await store.create('session');
    const other = new Database(path);
    other.exec('BEGIN EXCLUSIVE');
    const commit = { operationId: 'once', append: [{ role: 'user', content: 'hello' }] } as const;
    for (const call of [() => store.commit('session', commit), () => store.read('session')]) {
      await expect(call()).rejects.toMatchObject({
        name: 'SessionError',
        code: 'unavailable',
        outcome: 'not_applied',
        retryable: true,
      });
    }
    other.close();
    expect(await store.commit('session', commit)).toMatchObject({ repeated: false });
    await store.close();
  });

  it('remembers the last 1,000 operation ids of a session', async () => {
    const store = new SqliteSessionStore({ path });
    const commit = (id: number) => store.commit('session', { operationId: `${id}`, append: [] });
    for (let id = 0; id < 1000; id += 1) await commit(id);
    expect(await commit(0)).toMatchObject({ repeated: true });
    await store.close();
  });

  it('fails with a SessionError once it is closed, and where there is no database', async () => {
    const store = new SqliteSessionStore({ path });
    await store.close();
    await expect(store.read('session')).rejects.toMatchObject({ code: 'closed' });
    for (const [wrong, code] of [
      [join(folder, 'missing', 'sessions.db'), 'connection_failed'],
      [folder, 'connection_failed'],
      [driver, 'store_failed'],
    ]) {
      const opening = openSessionStore({ url: `sqlite:${wrong}`, driver });
      await expect(opening).rejects.toMatchObject({ name: 'SessionError', code });
    }
  });

  it('names the message that cannot be read, and leaves it', async () => {
    const store = new SqliteSessionStore({ path });
    const messages = ['one', 'two'].map((content) => ({ role: 'user', content }) as const);
    await new Conversation({ store, sessionId: 'session' }).append(messages);
    const other = new Database(path);
    other.exec(`UPDATE messages SET message = '{"role":"user"}' WHERE position = 1`);
    other.close();
    await expect(store.read('session', { last: 1 })).rejects.toMatchObject({
      code: 'damaged_message',
      field: 'messages[1]',
    });
    await expect(store.read('session', { last: 1, before: 1 })).resolves.toMatchObject({
      first: 0,
    });
    await store.close();
  });

  it('A2 drops what cannot be read only where that is asked for', async () => {
    const store = new SqliteSessionStore({ path });
    const conversation = new Conversation({ store, sessionId: 'session' });
    await conversation.append(
      ['one', 'two', 'three'].map((content) => ({ role: 'user', content })),
    );
    const other = new Database(path);
    other.exec(`UPDATE messages SET message = 'damaged' WHERE position = 1`);
    const positions = () => other.prepare('SELECT position FROM messages').pluck().all();

    const drop = { drop: 2, returnDropped: true };
    const refusal = { code: 'damaged_message', field: 'messages[1]' };
    await expect(conversation.commit(drop)).rejects.toMatchObject(refusal);
    expect(positions()).toEqual([0, 1, 2]);
    expect(await conversation.pop()).toMatchObject({ content: 'three' });
    await conversation.append([{ role: 'user', content: 'four' }]);
    const { dropped, mark } = await conversation.commit({ ...drop, dropUnreadable: true });
    expect(dropped.map(({ content }) => content)).toEqual(['four']);
    expect([positions(), mark?.length]).toEqual([[0], 1]);
    other.close();
    await store.close();
  });
});

function startAppending(...args: [path: string, name: string, count: number]) {
  const program = fork(
    bundledProgram(new URL('program-appending.ts', import.meta.url)),
    args.map(String),
    { execArgv: [] },
  );
  return {
    ready: once(program, 'message'),
    go: () => program.send('go'),
    exitCode: once(program, 'exit').then(([code]: unknown[]) => code),
  };
}
