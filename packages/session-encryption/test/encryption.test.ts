import { createDecipheriv, createHash, hkdfSync, randomBytes, randomUUID } from 'node:crypto';

import { canonicalJson, checkCommit, stringifyMessage } from '@agent-sessions/session-core';
import type { Commit, JsonValue, Message, NewMessage, Role } from '@agent-sessions/session-core';
import { roles } from '@agent-sessions/session-core';
import { EncryptedSessionStore } from '@agent-sessions/session-encryption';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createClient } from 'redis';

import {
  change,
  contents,
  encryptedStore,
  envelopeOf,
  keys,
  options,
  say,
  sessionId,
  stored,
} from './encrypted-sessions.ts';

const secretMessages: NewMessage[] = [
  { role: 'user', content: 'My PIN is pin-274951.', agent: 'Desk', tokens: 7, id: 'm1' },
  {
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Kept to myself.' }],
    item: { type: 'message', providerData: { account: 'DE-7788' }, status: 'completed' },
  },
];
const secrets = [
  '274951',
  'output_text',
  'Kept',
  'providerData',
  'account',
  'DE-7788',
  'completed',
];

/** Commits of every kind with something secret in them, one after the other on one session. */
const secretCommits: Commit[] = [
  { operationId: 'o1', append: secretMessages },
  { operationId: 'o2', drop: 1, returnDropped: true },
  { operationId: 'o3', drop: 1, append: secretMessages, returnDropped: true },
  { operationId: 'o4', append: secretMessages, intent: { pin: 'pin-274951' } },
  { operationId: 'o5', append: [{ role: 'user', content: 'pin-274951' }] },
];

/** Texts in which a secret could be found again: itself, and what can be computed from a guess. */
function traces(): string[] {
  const guesses = secretCommits.flatMap((commit) => {
    const { append = [], fingerprint } = checkCommit(commit);
    const said = append.flatMap(({ content, item }) => [content, { content, item: item ?? null }]);
    return [fingerprint, ...[...said, { pin: 'pin-274951' }].flatMap(hashes)];
  });
  const encoded = secrets.flatMap((secret) =>
    (['hex', 'base64', 'base64url'] as const).map((encoding) =>
      Buffer.from(secret).toString(encoding).slice(0, 8),
    ),
  );
  return [...secrets, ...encoded, ...guesses];
}

function hashes(value: JsonValue): string[] {
  const text = canonicalJson(value);
  return ['sha256', 'sha1', 'md5'].flatMap((algorithm) =>
    (['hex', 'base64', 'base64url'] as const).map((encoding) =>
      createHash(algorithm).update(text).digest(encoding).slice(0, 16),
    ),
  );
}

function expectNoTrace(text: string): void {
  expect(traces().filter((trace) => text.includes(trace))).toEqual([]);
}

describe('the store beneath', () => {
  test('is told nothing of what is said, nor a plain hash of it', async () => {
    const { inner, store } = encryptedStore();
    for (const commit of secretCommits) await store.commit(sessionId, commit);
    for (const commit of secretCommits) await store.commit(sessionId, commit);
    expect(inner.commits.length).toBeGreaterThanOrEqual(secretCommits.length * 2);
    expectNoTrace(JSON.stringify([inner.commits, await stored(inner)]));
    expect(await contents(store)).toContain('pin-274951');
  });

  test('has nothing of it in the whole of its document in Redis', async () => {
    const client = createClient({ url: process.env['AGENT_SESSIONS_TEST_REDIS_URL'] ?? '' });
    await client.on('error', () => {}).connect();
    const id = `test:${randomUUID()}`;
    const store = new EncryptedSessionStore(new RedisJsonSessionStore(client), options);
    try {
      for (const commit of secretCommits) await store.commit(id, commit);
      for (const commit of secretCommits) await store.commit(id, commit);
      const document = await client.sendCommand<string>(['JSON.GET', `session:${id}`]);
      expect(document).toContain('enc1.old.0.');
      expectNoTrace(document);
      expect(await contents(store, id)).toContain('pin-274951');
    } finally {
      await store.delete(id);
      await client.quit();
    }
  });

  test('has roles, ids, agents, tokens and times as they are, and no item', async () => {
    const { inner, store } = encryptedStore();
    await change(store, { append: secretMessages, agent: 'Desk', userId: 'ada' });
    const { messages } = await store.read(sessionId);
    const envelope = expect.stringMatching(/^enc1\.old\.[01]\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    expect(await stored(inner)).toEqual(
      messages.map((message) => {
        const { item: _, ...readable } = message;
        return { ...readable, content: envelope };
      }),
    );
    expect(await store.metadata(sessionId)).toEqual(await inner.metadata(sessionId));
    expect(await store.metadata(sessionId)).toMatchObject({ totalTokens: 7, agentsUsed: ['Desk'] });
  });

  test('never has the same envelope twice', async () => {
    const { inner, store } = encryptedStore();
    await say(store, 'yes', 'yes');
    await change(store, { drop: 1 });
    await say(store, 'yes');
    const texts = inner.commits.flatMap(({ append = [] }) => append.map(({ content }) => content));
    expect(new Set(texts.map((text) => String(text).split('.')[3])).size).toBe(3);
    expect(new Set(texts.map((text) => String(text).split('.')[4])).size).toBe(3);
  });

  test('has envelopes that the README explains', async () => {
    const { inner, store } = encryptedStore();
    await say(store, 'zero');
    await change(store, { append: [{ role: 'user', content: -0, item: { b: 1, a: [] } }] });
    const message = (await stored(inner))[1];
    const [version, keyId, position, ...binary] = envelopeOf(message).split('.');
    const [nonce, ciphertext, tag] = binary.map((text) => Buffer.from(text, 'base64url'));
    expect([version, keyId, position]).toEqual(['enc1', 'old', '1']);

    const session = createHash('sha256').update(sessionId).digest('hex');
    const info = `agent-sessions/session-encryption/1/message/${session}`;
    const key = Buffer.from(hkdfSync('sha256', keys.old, '', info, 32));
    const { id, role, timestampMs, agent, tokens } = message ?? {};
    const bound = ['enc1', 'old', sessionId, 1, id, role, timestampMs, agent, tokens];
    const decipher = createDecipheriv('aes-256-gcm', key, nonce ?? '');
    decipher.setAAD(Buffer.from(JSON.stringify(bound)));
    decipher.setAuthTag(tag ?? Buffer.alloc(0));
    const plaintext = decipher.update(ciphertext ?? Buffer.alloc(0));
    const text = Buffer.concat([plaintext, decipher.final()]).toString();
    expect(text).toBe('{"content":-0,"item":{"b":1,"a":[]}}');
  });
});

describe('whoever uses it', () => {
  const json = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' });
  const message = fc.record(
    {
      role: fc.constantFrom(...roles),
      content: json,
      item: fc.dictionary(fc.string(), json),
      tokens: fc.nat(1000),
      agent: fc.constantFrom('Desk', 'Orders'),
    },
    { requiredKeys: ['role', 'content'] },
  );
  const step = fc.record({
    drop: fc.constantFrom<Commit['drop'][]>(undefined, 0, 1, 2, 5, 'all'),
    append: fc.option(fc.array(message, { maxLength: 3 }), { nil: undefined }),
    returnDropped: fc.boolean(),
    expects: fc.constantFrom('anything', 'epoch', 'mark'),
    writer: fc.nat(1),
  });

  test('sees the same as without encryption, whatever is committed and read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const inner = new MemorySessionStore();
        // As two processes: neither knows what the other has done.
        const writers = [0, 1].map(() => new EncryptedSessionStore(inner, options));
        const plain = new MemorySessionStore();
        let since = (await writers[0]?.create(sessionId))?.mark;
        let plainSince = (await plain.create(sessionId)).mark;
        for (const [index, { expects, writer, ...commit }] of steps.entries()) {
          const expectFor = async (store: MemorySessionStore | EncryptedSessionStore) => {
            const { mark } = await store.read(sessionId, { last: 0 });
            if (expects === 'mark') return mark;
            return expects === 'epoch' ? { epoch: mark?.epoch ?? '' } : undefined;
          };
          const append = commit.append?.map((each, at) => ({
            ...each,
            id: `${index}.${at}`,
            timestampMs: index,
          }));
          const named = { ...commit, append, operationId: String(index) };
          const store = writers[writer] ?? missing();
          const result = await store.commit(sessionId, {
            ...named,
            expect: await expectFor(store),
          });
          const ofPlain = await plain.commit(sessionId, {
            ...named,
            expect: await expectFor(plain),
          });
          expect(textOf(result.dropped)).toEqual(textOf(ofPlain.dropped));
          const last = index % 4;
          for (const query of [
            {},
            { last },
            { role: roleOf(index) },
            { role: roleOf(index), last },
          ]) {
            const read = await store.read(sessionId, query);
            expect(textOf(read.messages)).toEqual(
              textOf((await plain.read(sessionId, query)).messages),
            );
          }
          const added = await store.read(sessionId, { since });
          const ofPlainAdded = await plain.read(sessionId, { since: plainSince });
          expect(textOf(added.messages)).toEqual(textOf(ofPlainAdded.messages));
          expect(added.continues).toBe(ofPlainAdded.continues);
          if (index % 3 === 0) {
            since = added.mark ?? since;
            plainSince = ofPlainAdded.mark ?? plainSince;
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('reads what it wrote in another process, with a copy of the keys', async () => {
    const { inner, store } = encryptedStore();
    await change(store, { append: secretMessages });
    const copy = { old: Buffer.from(keys.old) };
    const other = new EncryptedSessionStore(inner, { keys: copy, currentKeyId: 'old' });
    copy.old.fill(0);
    expect(await other.read(sessionId)).toEqual(await store.read(sessionId));
  });

  test('is told which key is none', () => {
    const open = (bad: object) => () =>
      new EncryptedSessionStore(new MemorySessionStore(), { ...options, ...bad });
    const key = randomBytes(32);
    const faults: [object, string][] = [
      [{ keys: undefined }, 'keys'],
      [{ keys: null }, 'keys'],
      [{ keys: 'key' }, 'keys'],
      [{ keys: { old: key, short: randomBytes(31) } }, 'keys.short'],
      [{ keys: { old: randomBytes(33) } }, 'keys.old'],
      [{ keys: { old: new Uint8Array() } }, 'keys.old'],
      [{ keys: { old: 'x'.repeat(32) } }, 'keys.old'],
      [{ keys: { old: new Uint16Array(16) } }, 'keys.old'],
      [{ keys: { old: Array(32).fill(1) } }, 'keys.old'],
      [{ keys: { 'a.b': key } }, 'keys["a.b"]'],
      [{ keys: { '': key } }, 'keys[""]'],
      [{ keys: { 'a b': key } }, 'keys["a b"]'],
      [{ keys: { [`k${'x'.repeat(128)}`]: key } }, `keys.k${'x'.repeat(128)}`],
      [{ currentKeyId: 'none' }, 'currentKeyId'],
      [{ currentKeyId: 'toString' }, 'currentKeyId'],
      [{ currentKeyId: undefined }, 'currentKeyId'],
      [{ keys: {} }, 'currentKeyId'],
    ];
    for (const [bad, field] of faults) {
      expect(open(bad)).toThrow(expect.objectContaining({ code: 'invalid_argument', field }));
    }
    expect(
      open({ keys: { 'arn:aws/2026-11_a': key }, currentKeyId: 'arn:aws/2026-11_a' }),
    ).not.toThrow();
  });
});

function missing(): never {
  throw new Error('There is a writer for each index.');
}

function roleOf(index: number): Role {
  return roles[index % roles.length] ?? 'user';
}

function textOf(messages: readonly Message[]): string[] {
  return messages.map(stringifyMessage);
}
