import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import type { Message, NewMessage } from '@agent-sessions/session-core';
import { JSONSession, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as redis4 from 'redis';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';

import { useTestRedis } from './redis-for-tests.ts';
import { startSplittingProxy } from './splitting-proxy.ts';

const redis = useTestRedis();

/** Assigned in a literal, `__proto__` would be no member. */
function withMember(key: string, value: unknown): object {
  return Object.defineProperty({ before: 1 }, key, { value, enumerable: true });
}

const texts = [
  ...[
    '"',
    "'",
    '`',
    '\\',
    '\\"',
    '"]}',
    '"}],"messages":[{',
    "']] .. 'x",
    ']]',
    '${x}',
    '%s',
    '\\u0041',
  ],
  ...['$.messages[?(@.role=="user")].content', '?(@.a==1)', '$..*', '@.length', '[-1:]', '*'],
  ...[
    '\u0000',
    'a\u0000b',
    '\u0001\u001f',
    '\u007f\u0080\u009f',
    '\r\n',
    '\r\n+OK\r\n',
    '$-1\r\n',
    '\t',
  ],
  ...['\u2028', '\u2029', '\ufeff', '\u200b', '\u202e', '\ufffd', '\uffff', '\u{10ffff}'],
  ...['🙂', '👩‍👩‍👧‍👦', '🏳️‍🌈', '𝒳𐍈', 'é', 'e\u0301', 'ﬁ', 'İı', '日本語'],
  ...['\ud800', '\udfff', 'a\udc00b', '\udc00\ud800', '🙂\ud83d', '\ude42🙂'],
  ...['', ' ', 'null', 'true', '0', '[]', '{}', 'undefined', 'NaN', '-0', '__proto__'],
];
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'toJSON',
  '$binary',
];
const keys = [...texts, ...names, 'id', 'role', 'content', 'item', 'exact', 'timestamp', 'tokens'];
const values: readonly unknown[] = [
  ...texts,
  ...keys.map((key) => withMember(key, { polluted: true })),
  ...keys.map((key) => withMember(key, key)),
  ...names.map((key) => [withMember(key, [withMember(key, null)])]),
  Object.fromEntries(keys.map((key, index) => [key, index])),
  Object.fromEntries(keys.toReversed().map((key, index) => [key, index])),
];

describe('F18 hostile content', () => {
  test.each<[string, (value: unknown) => NewMessage]>([
    ['the content of a message', (content) => ({ role: 'user', content })],
    ['in the content', (value) => ({ role: 'user', content: [{ value }, value] })],
    ['the content of an item', (content) => ({ role: 'user', item: { type: 'message', content } })],
    ['in an item', (value) => ({ role: 'tool', item: { type: 'x', value, list: [value] } })],
  ])('as %s is equal when read back, in the same order', async (_place, messageOf) => {
    const conversation = newConversation();
    const messages = values.map(messageOf);
    await conversation.append(messages);
    const all = await conversation.messages();
    expect(all.map(({ content, item }) => JSON.stringify({ content, item }))).toEqual(
      messages.map(({ content, item }) => {
        const kept = item && 'content' in item ? item.content : '';
        return JSON.stringify({ content: content ?? kept, item });
      }),
    );
    // By other ways of reading, and when it is dropped, it is the same.
    expect(await conversation.messages({ last: values.length })).toEqual(all);
    for (const expected of all.toReversed().slice(0, 30)) {
      expect(await conversation.pop()).toEqual(expected);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('as an item of the SDK is equal when read back', async () => {
    const session = new AgentsSession({ store: redis.store, sessionId: redis.newSessionId() });
    const items = values.map((value) => ({ type: 'unknown', providerData: { value } }) as const);
    await session.addItems(items);
    expect(JSON.stringify(await session.getItems())).toBe(JSON.stringify(items));
  });

  test('in a JSONSession is equal when read back', async () => {
    const sessionId = redis.newSessionId();
    const session = redis.closeAtEnd(new JSONSession({ sessionId, redisUrl: redis.url }));
    for (const content of values) await session.addMessage('user', content);
    const read = (await session.getMessages()).map(({ content }) => JSON.stringify(content));
    expect(read).toEqual(values.map((value) => JSON.stringify(value)));
  });

  test('does not change what a filter on roles finds', async () => {
    const conversation = newConversation();
    const lures = texts.map((content) => ({ role: 'assistant', content }) as const);
    await conversation.append([...lures, { role: 'user', content: 'the only one' }]);
    expect(await conversation.messages({ role: 'user' })).toMatchObject([
      { content: 'the only one' },
    ]);
    expect(await conversation.messages({ role: 'assistant' })).toHaveLength(lures.length);
  });

  describe('of four-byte characters that are split over packets', () => {
    let proxy: Awaited<ReturnType<typeof startSplittingProxy>>;
    beforeAll(async () => {
      proxy = await startSplittingProxy(redis.url);
    });
    afterAll(() => proxy.close());

    const clients = {
      4: async () => {
        const client = redis4.createClient({ url: proxy.url });
        client.on('error', () => {});
        await client.connect();
        return { client, end: () => client.disconnect() };
      },
      5: async () => {
        const client = redis5.createClient({ url: proxy.url });
        client.on('error', () => {});
        await client.connect();
        return { client, end: () => client.close() };
      },
      6: async () => {
        const client = redis6.createClient({ url: proxy.url });
        client.on('error', () => {});
        await client.connect();
        return { client, end: () => client.close() };
      },
    };
    test.each([4, 5, 6] as const)('is equal when read back by node-redis %d', async (version) => {
      const { client, end } = await clients[version]();
      const store = new RedisJsonSessionStore(client);
      const content = ['🙂', '👩‍👩‍👧‍👦𐍈\u{10ffff}', '\u0000é日', 'plain', '🙂'.repeat(20)];
      const conversation = new Conversation({
        store,
        sessionId: redis.newSessionId(),
        userId: '🙂',
      });
      await conversation.append([
        { role: 'user', content, agent: '🏳️‍🌈' },
        { role: 'user', item: { '🙂': content } },
      ]);
      const read = await conversation.messages();
      expect(read).toMatchObject([{ content, agent: '🏳️‍🌈' }, { item: { '🙂': content } }]);
      expect(await conversation.load()).toMatchObject({ userId: '🙂' });
      expect(await conversation.pop()).toEqual(read[1]);
      await end();
      const past = new Conversation({ store: redis.store, sessionId: conversation.sessionId });
      expect(await past.messages()).toEqual(read.slice(0, 1));
    });
  });
});

test('A7 megabytes of quoted lines under a key with an escape are read, and popped', async () => {
  const conversation = newConversation();
  const output = '"He said: no."\n'.repeat(1_200_000);
  const item = { type: 'function_call_output', 'line\n': output };
  await conversation.append([{ role: 'tool', item }]);
  const isWhole = (message?: Message) => JSON.stringify(message?.item) === JSON.stringify(item);
  expect((await conversation.messages()).map(isWhole)).toEqual([true]);
  expect(isWhole(await conversation.pop())).toBe(true);
  expect(await conversation.messages()).toEqual([]);
});

function newConversation(): Conversation {
  return new Conversation({ store: redis.store, sessionId: redis.newSessionId() });
}
