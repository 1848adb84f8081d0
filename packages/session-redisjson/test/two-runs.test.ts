import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation, SessionError } from '@agent-sessions/session-core';
import { openSessionStore } from '@agent-sessions/session-redisjson';
import { describe, expect, test } from '@jest/globals';
import { RunContext } from '@openai/agents-core';

import { failureOf } from './failure-of.ts';
import { snapshotOf } from './key-snapshot.ts';
import { cloneInOwnRealm } from '../../agents-adapter/test/own-realm.ts';
import { useTestRedis } from './redis-for-tests.ts';

cloneInOwnRealm();

const redis = useTestRedis();
const said = (content: string) => ({ role: 'user', content }) as const;

/** Two conversations about one session, each on a connection of its own, as in two processes. */
async function twoConversations() {
  const other = redis.closeAtEnd(await openSessionStore(redis.url));
  const sessionId = redis.newSessionId();
  const [one, two] = [redis.store, other].map((store) => new Conversation({ store, sessionId }));
  if (one === undefined || two === undefined) throw new TypeError('There are two.');
  return { one, two, key: `session:${sessionId}` };
}

const contentsOf = async (conversation: Conversation) =>
  (await conversation.messages()).map(({ content }) => content);

describe('F6 two runs that have read the same history', () => {
  const decisions: Readonly<Record<string, Parameters<Conversation['commit']>[0]>> = {
    'to add': { append: [said('of two')] },
    'to drop': { drop: 1, returnDropped: true },
    'to clear': { drop: 'all' },
    'to replace': { drop: 2, append: [said('of two')] },
    'to record only who acts': { append: [], agent: 'Two' },
  };
  test.each(Object.entries(decisions))(
    'one commits, and the other who decided %s is told of the conflict',
    async (_name, decision) => {
      const { one, two, key } = await twoConversations();
      await one.append([said('a'), said('b')]);
      const [ofOne, ofTwo] = [await one.read(), await two.read()];
      await one.append([said('of one')], { expect: ofOne.mark });

      const before = await snapshotOf(redis.client, key);
      expect(await failureOf(two.commit(decision, { expect: ofTwo.mark }))).toMatchObject({
        code: 'conflict',
        outcome: 'not_applied',
      });
      expect(await snapshotOf(redis.client, key)).toEqual(before);

      // Having read again it decides again, and goes through.
      const { mark } = await two.read();
      await two.commit(decision, { expect: mark });
    },
  );

  test('of ten runs at once one wins each round, until all have', async () => {
    const { one, two } = await twoConversations();
    let conflicts = 0;
    const run = async (conversation: Conversation, name: string) => {
      for (;;) {
        const { mark, messages } = await conversation.read();
        try {
          const content = `${name} after ${messages.length}`;
          await conversation.append([said(content)], { expect: mark });
          return;
        } catch (error) {
          if (!(error instanceof SessionError) || error.code !== 'conflict') throw error;
          conflicts += 1;
        }
      }
    };
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => run(index % 2 ? one : two, `run ${index}`)),
    );
    const contents = await contentsOf(one);
    // Whoever wrote at a place had seen all that stands before it.
    expect(contents).toEqual(
      contents.map((_, index) => expect.stringMatching(new RegExp(` after ${index}$`))),
    );
    expect(new Set(contents).size).toBe(10);
    expect(conflicts).toBeGreaterThan(0);
  });

  test('of the SDK: a suffix that the other has moved away from is not replaced', async () => {
    const { one, two, key } = await twoConversations();
    const session = new AgentsSession({ store: redis.store, sessionId: one.sessionId });
    await session.addItems([said('a'), said('b')]);
    await two.append([said('of two')]);
    const before = await snapshotOf(redis.client, key);
    const transaction = {
      type: 'replace_suffix' as const,
      expectedSuffix: [said('b')],
      replacement: [said('c')],
    };
    const failure = await failureOf(
      session.applyHistoryTransaction({ operationId: 'one', transaction }),
    );
    expect(failure).toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('no longer matches'),
    });
    expect(await snapshotOf(redis.client, key)).toEqual(before);
  });

  test('of the SDK: a compaction keeps what the other has added, and no other change', async () => {
    const { one, two, key } = await twoConversations();
    const session = new AgentsSession({ store: redis.store, sessionId: one.sessionId });
    const runs = [new RunContext(), new RunContext()] as const;
    const summary = said('a and b, in short');
    await session.addItems([said('a'), said('b')]);
    for (const run of runs) await session.getItems(undefined, run);

    await two.append([said('of two')]);
    await session.replaceHistoryWithCompaction([summary], runs[0]);
    expect(await session.getItems()).toMatchObject([summary, { content: 'of two' }]);

    const before = await snapshotOf(redis.client, key);
    const late = session.replaceHistoryWithCompaction([summary], runs[1]);
    expect(await failureOf(late)).toMatchObject({ code: 'conflict' });
    expect(await snapshotOf(redis.client, key)).toEqual(before);
  });
});

describe('F7 50 concurrent pops of 20 items', () => {
  const items = Array.from({ length: 20 }, (_, index) => said(`item ${index}`));
  const newest = [...items].toReversed();

  test('through two connections give 20 different items and 30 times nothing', async () => {
    const { one, two } = await twoConversations();
    await one.append(items);
    const popped = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? one : two).pop()),
    );
    const names = popped.flatMap((message) => (message ? [JSON.stringify(message.content)] : []));
    expect(new Set(names)).toEqual(new Set(items.map(({ content }) => JSON.stringify(content))));
    expect(names).toHaveLength(20);
    expect(popped.filter((message) => message === undefined)).toHaveLength(30);
    expect(await one.load()).toMatchObject({ messageCount: 0, totalTokens: 0 });
  });

  test('of the SDK give them from the newest on, and 30 times nothing', async () => {
    const session = new AgentsSession({ store: redis.store, sessionId: redis.newSessionId() });
    await session.addItems(items);
    const popped = await Promise.all(Array.from({ length: 50 }, () => session.popItem()));
    expect(popped.slice(0, 20)).toEqual(newest);
    expect(popped.slice(20)).toEqual(Array.from({ length: 30 }, () => undefined));
    expect(await session.getItems()).toEqual([]);
  });
});
