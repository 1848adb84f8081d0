import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation } from '@agent-sessions/session-core';
import type { NewMessage } from '@agent-sessions/session-core';
import { openSessionStore } from '@agent-sessions/session-redisjson';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { failureOf } from './failure-of.ts';
import { snapshotOf } from './key-snapshot.ts';
import { useTestRedis } from './redis-for-tests.ts';

const redis = useTestRedis();
let proxy: CountingProxy;
let store: Awaited<ReturnType<typeof openSessionStore>>;

beforeAll(async () => {
  proxy = await startCountingProxy(redis.url);
  store = await openSessionStore(proxy.url);
});
afterAll(async () => {
  await store.close();
  await proxy.close();
});

const cycle: { inside: unknown[] } = { inside: [] };
cycle.inside.push(cycle);

/** What cannot be kept, and the place in it that is at fault. */
const badValues: Readonly<Record<string, readonly [unknown, string]>> = {
  'a BigInt': [{ big: 1n }, '.big'],
  'a function': [[() => {}], '[0]'],
  'a symbol': [{ a: [Symbol('s')] }, '.a[0]'],
  'a symbol as a name': [{ [Symbol('s')]: 1 }, '[Symbol(s)]'],
  'a cycle': [cycle, '.inside[0]'],
  NaN: [Number.NaN, ''],
  Infinity: [{ 'two words': Number.POSITIVE_INFINITY }, '["two words"]'],
  'an accessor': [
    Object.defineProperty({}, 'secret', { get: () => 1, enumerable: true }),
    '.secret',
  ],
  'more depth than any item has': [nested(1001), '[0]'.repeat(1000)],
};

function nested(depth: number): unknown {
  let value: unknown = 'the bottom';
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe.each(Object.entries(badValues))(
  'F3 %s in the middle of a batch',
  (_name, [bad, place]) => {
    const batch = (value: unknown, member: 'content' | 'item'): NewMessage[] =>
      Array.from({ length: 21 }, (_, index) => {
        const said = index === 10 ? value : `said ${index}`;
        return member === 'item'
          ? { role: 'assistant', item: { type: 'unknown', providerData: { said } } }
          : { role: 'user', content: said };
      });

    test.each(['content', 'item'] as const)('(%s): nothing is sent or written', async (member) => {
      const conversation = newConversation({ ttlMs: 3_600_000 });
      await conversation.append([{ role: 'user', content: 'before' }]);
      const before = await snapshotOf(redis.client, `session:${conversation.sessionId}`);

      const field = member === 'item' ? '.item.providerData.said' : '.content';
      const expected = { name: 'SessionError', code: 'unstorable_value', outcome: 'not_applied' };
      const roundTrips = await proxy.count(async () => {
        for (const drop of [0, 1, 'all'] as const) {
          const failure = await failureOf(conversation.replaceTail(drop, batch(bad, member)));
          expect(failure).toMatchObject(expected);
          expect(failure).toHaveProperty('field', shownPlace(`append[10]${field}`, place));
        }
      });
      expect(roundTrips).toBe(0);
      expect(await snapshotOf(redis.client, `session:${conversation.sessionId}`)).toEqual(before);
    });

    test('creates no session, by whichever name the batch is added', async () => {
      const conversation = newConversation();
      await failureOf(conversation.append(batch(bad, 'content')));
      const { sessionId } = conversation;
      const session = new AgentsSession({ store, sessionId });
      const items = batch(bad, 'item').map(({ item }) => item);
      // Past the types: callers in JavaScript have none.
      const adding: unknown = Reflect.apply(session.addItems, session, [items]);
      const failure = await failureOf(Promise.resolve(adding));
      expect(failure).toMatchObject({ code: 'unstorable_value' });
      expect(failure).toHaveProperty('field', shownPlace('items[10].providerData.said', place));
      expect(await redis.command('EXISTS', `session:${sessionId}`)).toBe(0);
    });
  },
);

/** Depth is counted from the item on, so what is too deep is found the sooner the deeper it stands. */
function shownPlace(member: string, place: string): unknown {
  if (place.length < 100) return `${member}${place}`;
  return expect.stringMatching(
    new RegExp(`^${member.replaceAll(/[.[\]]/g, '\\$&')}(\\[0\\]){990,}$`),
  );
}

function newConversation(options: { readonly ttlMs?: number } = {}): Conversation {
  return new Conversation({ store, sessionId: redis.newSessionId(), ...options });
}
