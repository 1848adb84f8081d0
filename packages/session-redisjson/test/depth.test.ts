import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation, stringifyJson } from '@agent-sessions/session-core';
import type { JsonValue } from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';
import type { AgentInputItem } from '@openai/agents-core';

import { failureOf } from './failure-of.ts';
import { snapshotOf } from './key-snapshot.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();

const depths = Array.from({ length: 111 }, (_, index) => 90 + index);
const shapes: Readonly<Record<string, (inner: JsonValue, level: number) => JsonValue>> = {
  lists: (inner) => [inner],
  objects: (inner) => ({ inner }),
  'lists and objects in turn': (inner, level) => (level % 2 ? [inner, []] : { inner, other: {} }),
};

function nested(depth: number, wrap: (inner: JsonValue, level: number) => JsonValue): JsonValue {
  let value: JsonValue = 'the bottom';
  for (let level = 0; level < depth; level += 1) value = wrap(value, level);
  return value;
}

describe.each(Object.entries(shapes))('F4 %s nested 90 to 200 deep', (_shape, wrap) => {
  test('are the same when they were appended, each alone', async () => {
    for (const depth of depths) {
      const conversation = newConversation();
      const content = nested(depth, wrap);
      await conversation.append([{ role: 'user', content }]);
      expect(await textsOf(conversation)).toEqual([stringifyJson(content)]);
    }
  });

  test('are the same when they were appended to what is there, and when they replace it', async () => {
    const conversation = newConversation();
    await conversation.append([{ role: 'user', content: 'first' }]);
    const expected = ['"first"'];
    for (const depth of depths) {
      const content = nested(depth, wrap);
      await conversation.append([{ role: 'user', content: 'to be replaced' }]);
      await conversation.replaceTail(1, [{ role: 'tool', item: { content } }]);
      expected.push(stringifyJson(content));
    }
    expect(await textsOf(conversation)).toEqual(expected);
    const [popped] = [await conversation.pop()];
    expect(stringifyJson(popped?.content ?? null)).toBe(expected.pop());
    const { messageCount } = await conversation.load();
    expect(messageCount).toBe(expected.length);
  });

  test('are the same items of the SDK', async () => {
    const session = new AgentsSession({ store: redis.store, sessionId: redis.newSessionId() });
    const items = depths.map((depth): AgentInputItem => ({
      type: 'unknown',
      providerData: { nested: nested(depth, wrap) },
    }));
    await session.addItems(items);
    expect(JSON.stringify(await session.getItems())).toBe(JSON.stringify(items));
  });
});

test('F4 an item deeper than any that can be kept is refused, and nothing changes', async () => {
  const conversation = newConversation();
  await conversation.append([{ role: 'user', content: nested(990, (inner) => [inner]) }]);
  const before = await snapshotOf(redis.client, `session:${conversation.sessionId}`);
  const content = nested(1001, (inner) => [inner]);
  for (const drop of [0, 1] as const) {
    const failure = await failureOf(conversation.replaceTail(drop, [{ role: 'user', content }]));
    expect(failure).toMatchObject({ code: 'unstorable_value' });
  }
  expect(await snapshotOf(redis.client, `session:${conversation.sessionId}`)).toEqual(before);
});

test('F4 a server that would not take the depth says so, and the document stays whole', async () => {
  // Past the checks of the core: what RedisJSON itself does with too deep a message.
  const conversation = newConversation();
  await conversation.append([{ role: 'user', content: 'first' }]);
  const key = `session:${conversation.sessionId}`;
  const before = await snapshotOf(redis.client, key);
  const tooDeep = `{"id":"deep","content":${'['.repeat(300)}${']'.repeat(300)}}`;
  await failureOf(redis.command('JSON.ARRAPPEND', key, '$.messages', tooDeep));
  expect(await snapshotOf(redis.client, key)).toEqual(before);
});

function newConversation(): Conversation {
  return new Conversation({ store: redis.store, sessionId: redis.newSessionId() });
}

async function textsOf(conversation: Conversation): Promise<string[]> {
  return (await conversation.messages()).map(({ content }) => stringifyJson(content));
}
