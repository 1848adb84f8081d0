import {
  Conversation,
  copySessions,
  exportSessions,
  importSessions,
} from '@agent-sessions/session-core';
import type { Commit, SessionStore } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

/** Dies at a commit, before or after it is made, as a process does that is killed. */
class MortalStore extends MemorySessionStore {
  commitsLeft = Number.POSITIVE_INFINITY;

  override async commit(sessionId: string, commit: Commit) {
    this.commitsLeft -= 0.5;
    if (this.commitsLeft < 0) throw new Error('killed');
    const result = await super.commit(sessionId, commit);
    this.commitsLeft -= 0.5;
    if (this.commitsLeft < 0) throw new Error('killed');
    return result;
  }
}

const value = fc.oneof(
  fc.jsonValue({ noUnicodeString: false }),
  fc.constantFrom('\ud800', '\u2028', -0, 1e-7, 5e-324, 2 ** 53, [], {}),
  fc.constant(JSON.parse('{"__proto__":{"a":1},"constructor":2}')),
);
const message = fc.record({
  role: fc.constantFrom('user', 'assistant', 'tool'),
  content: value,
  agent: fc.constantFrom(null, 'Desk', 'Orders'),
  tokens: fc.constantFrom(null, 0, 17),
});
const session = fc.record({
  userId: fc.constantFrom(undefined, 'ada', 'a:b'),
  ttlMs: fc.constantFrom(undefined, 10_000_000),
  messages: fc.array(message, { maxLength: 12 }),
  title: value,
  agents: fc.subarray(['Desk', 'Orders']),
  requests: fc.nat({ max: 9 }),
});

async function storeOf(
  sessions: (typeof session extends fc.Arbitrary<infer Session> ? Session : never)[],
): Promise<MemorySessionStore> {
  const store = new MemorySessionStore();
  for (const [at, { messages, title, agents, requests, ...options }] of sessions.entries()) {
    const conversation = new Conversation({ store, sessionId: `s${at}`, ...options });
    await conversation.append(messages);
    for (const agent of agents) await conversation.trackAgent(agent);
    await conversation.commit({ state: { title }, usage: { requests, inputTokens: 3 } });
  }
  return store;
}

async function linesOf(store: SessionStore, which = {}): Promise<string[]> {
  return arrayOf(exportSessions(store, which));
}

async function arrayOf<Each>(each: AsyncIterable<Each>): Promise<Each[]> {
  const all: Each[] = [];
  for await (const one of each) all.push(one);
  return all;
}

describe('exportSessions and importSessions', () => {
  test('what is exported, imported and exported again is the same, byte for byte', () =>
    fc.assert(
      fc.asyncProperty(fc.array(session, { maxLength: 5 }), async (sessions) => {
        const lines = await linesOf(await storeOf(sessions));
        const store = new MemorySessionStore();
        const report = await importSessions(store, lines, { verify: true });
        expect(report.imported).toBe(sessions.length);
        expect(await linesOf(store)).toEqual(lines);
        const again = await importSessions(store, lines);
        expect(again).toMatchObject({ imported: 0, repeated: sessions.length, messages: 0 });
        expect(await linesOf(store)).toEqual(lines);
      }),
      { numRuns: 60, seed: 3 },
    ));

  test('a file that is torn anywhere is taken up to its last whole session, and says so', async () => {
    const source = await sample();
    const lines = await linesOf(source);
    const text = lines.join('');
    for (let end = 0; end < text.length; end += 1) {
      const store = new MemorySessionStore();
      const torn = text.slice(0, end).split(/(?<=\n)/);
      // It may be cut between two sessions, or before the end of a line: then nothing is missing.
      const isWhole = /^\{"format".*\}$|^\{"end".*\}\}$/.test((torn.at(-1) ?? '').trimEnd());
      const importing = importSessions(store, torn);
      if (isWhole) await importing;
      else await expect(importing).rejects.toMatchObject({ code: 'damaged_export' });
      const found = await linesOf(store);
      expect(lines.slice(0, found.length)).toEqual(found);
      expect(text.slice(0, end).split('{"end"').length).toBeGreaterThanOrEqual(found.length / 4);
    }
  });

  test('a line that was changed, moved or left out is refused, and nothing of its session is stored', async () => {
    const lines = await linesOf(await sample());
    const changes: ((copy: string[]) => unknown)[] = [
      (copy) => copy.splice(2, 1),
      (copy) => copy.splice(2, 0, copy[3] ?? ''),
      (copy) => (copy[2] = (copy[2] ?? '').replace('one', 'two')),
      (copy) => (copy[1] = (copy[1] ?? '').replace('Order', 'order')),
      (copy) => copy.splice(0, 1),
      (copy) => copy.splice(1, 0, '[]\n'),
    ];
    for (const change of changes) {
      const copy = [...lines];
      change(copy);
      const store = new MemorySessionStore();
      const importing = importSessions(store, copy);
      await expect(importing).rejects.toMatchObject({ code: 'damaged_export' });
      expect(await arrayOf(store.list())).toEqual([]);
    }
    const newer = [(lines[0] ?? '').replace('"version":1', '"version":2'), ...lines.slice(1)];
    const importing = importSessions(new MemorySessionStore(), newer);
    await expect(importing).rejects.toMatchObject({ code: 'unsupported_schema' });
  });

  test('an import that is killed anywhere and done again is exact', async () => {
    const lines = await linesOf(await sample());
    for (let commits = 0; commits <= 2; commits += 0.5) {
      const store = new MortalStore();
      store.commitsLeft = commits;
      await importSessions(store, lines).catch(() => {});
      store.commitsLeft = Number.POSITIVE_INFINITY;
      await importSessions(store, lines);
      expect(await linesOf(store)).toEqual(lines);
    }
  });

  test('a session that is there already is a conflict, left, or replaced, as it is said', async () => {
    const from = await sample();
    const to = new MemorySessionStore();
    const there = new Conversation({ store: to, sessionId: 's0', userId: 'ada' });
    await there.append([{ role: 'user', content: 'mine' }]);
    await expect(copySessions(from, to)).rejects.toMatchObject({ code: 'conflict' });
    const skipping = await copySessions(from, to, {}, { onExisting: 'skip' });
    expect(skipping).toMatchObject({ skipped: 1, imported: 1 });
    expect((await there.messages()).map(({ content }) => content)).toEqual(['mine']);
    const replacing = await copySessions(from, to, {}, { onExisting: 'replace' });
    expect(replacing).toMatchObject({ replaced: 1, repeated: 1 });
    const which = { sessionIds: ['s0', 's1'] };
    expect(await linesOf(to, which)).toEqual(await linesOf(from, which));
  });

  test('only the sessions of a user, or those that are named, are exported; the TTL stays where it is wanted', async () => {
    const store = await sample();
    await new Conversation({ store, sessionId: 'other', userId: 'bob', ttlMs: 10_000 }).create();
    const ids = async (which: object) =>
      (await linesOf(store, which)).filter((line) => line.startsWith('{"session"')).length;
    expect(await ids({})).toBe(3);
    expect(await ids({ userId: 'bob' })).toBe(1);
    expect(await ids({ sessionIds: ['s1', 's1', 'none'] })).toBe(1);
    const [kept, ended] = [new MemorySessionStore(), new MemorySessionStore()];
    await copySessions(store, kept, { userId: 'bob' });
    await copySessions(store, ended, { userId: 'bob' }, { keepTtl: false });
    expect((await kept.metadata('other'))?.ttlMs).toBe(10_000);
    expect((await ended.metadata('other'))?.ttlMs).toBeNull();
  });
});

/** Two sessions of some messages. */
async function sample(): Promise<MemorySessionStore> {
  const store = new MemorySessionStore();
  for (const sessionId of ['s0', 's1']) {
    const conversation = new Conversation({ store, sessionId, userId: 'ada' });
    await conversation.append([
      { role: 'user', content: 'one', id: 'm0', timestampMs: 5 },
      { role: 'assistant', content: 'ähm', id: 'm1', timestampMs: 6, tokens: 3 },
    ]);
    await conversation.setState({ title: 'Order' });
  }
  return store;
}
