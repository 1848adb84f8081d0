import { archiveHistory, Conversation, type Commit } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, expect, test } from '@jest/globals';

import { idsOf, said } from './saying.ts';

/** Fails at a commit, before or after it is made, as a process does that is killed. */
class KilledStore extends MemorySessionStore {
  kill: 'before' | 'after' | undefined;

  override async commit(sessionId: string, commit: Commit) {
    const { kill } = this;
    this.kill = undefined;
    if (kill === 'before') throw new Error('killed');
    const result = await super.commit(sessionId, commit);
    if (kill === 'after') throw new Error('killed');
    return result;
  }
}

async function newConversations(count = 10) {
  const stores = { here: new KilledStore(), there: new KilledStore() };
  const conversation = new Conversation({ store: stores.here, sessionId: 'chat' });
  const archive = new Conversation({ store: stores.there, sessionId: 'chat, archived' });
  await conversation.append(said(0, count));
  return { ...stores, conversation, archive, ids: idsOf };
}

const range = (from: number, to: number) => said(from, to).map(({ id }) => id);

describe('archiveHistory', () => {
  test('moves the older messages to the end of the archive, as they are', async () => {
    const { conversation, archive, ids } = await newConversations();
    const before = await conversation.messages();
    expect(await archiveHistory(conversation, archive, { keep: 3 })).toBe(7);
    expect([...(await archive.messages()), ...(await conversation.messages())]).toEqual(before);
    expect(await conversation.load()).toMatchObject({ messageCount: 3, totalTokens: 6 });
    expect(await archive.load()).toMatchObject({ messageCount: 7, totalTokens: 14 });

    await conversation.append(said(10, 14));
    expect(await archiveHistory(conversation, archive, { keep: 2 })).toBe(5);
    expect(await ids(archive)).toEqual(range(0, 12));
    expect(await ids(conversation)).toEqual(range(12, 14));
  });

  test('keeps what a function says of the whole history', async () => {
    const { conversation, archive, ids } = await newConversations();
    const keep = (messages: readonly unknown[]) => messages.length - 4;
    expect(await archiveHistory(conversation, archive, { keep })).toBe(4);
    expect(await ids(conversation)).toEqual(range(4, 10));
  });

  test('does nothing where there is nothing to move', async () => {
    const { conversation, archive } = await newConversations();
    for (const keep of [10, 11]) {
      expect(await archiveHistory(conversation, archive, { keep })).toBe(0);
    }
    const none = new Conversation({ store: new MemorySessionStore() });
    expect(await archiveHistory(none, archive, { keep: 0 })).toBe(0);
    expect(await archive.metadata()).toBeUndefined();
  });

  test('keeps nothing where it shall keep nothing', async () => {
    const { conversation, archive, ids } = await newConversations();
    expect(await archiveHistory(conversation, archive, { keep: 0 })).toBe(10);
    expect(await ids(archive)).toEqual(range(0, 10));
    expect(await conversation.messages()).toEqual([]);
  });

  test.each(['before', 'after'] as const)(
    'loses and doubles nothing where it is killed %s either of its commits, and is done again',
    async (kill) => {
      for (const place of ['here', 'there'] as const) {
        const { here, there, conversation, archive, ids } = await newConversations();
        ({ here, there })[place].kill = kill;
        await expect(archiveHistory(conversation, archive, { keep: 3 })).rejects.toThrow('killed');
        const everywhere = [...(await ids(archive)), ...(await ids(conversation))];
        expect(new Set(everywhere)).toEqual(new Set(range(0, 10)));

        // History has grown before it is done again.
        await conversation.append(said(10, 12));
        await archiveHistory(conversation, archive, { keep: 3 });
        expect(await ids(archive)).toEqual(range(0, 9));
        expect(await ids(conversation)).toEqual(range(9, 12));
      }
    },
  );

  test('takes what looks alike for another message, where its time is another', async () => {
    const { archive, ids } = await newConversations();
    const store = new MemorySessionStore();
    for (const timestampMs of [1, 2]) {
      const conversation = new Conversation({ store });
      await conversation.append(said(0, 2).map((message) => ({ ...message, timestampMs })));
      await archiveHistory(conversation, archive, { keep: 1 });
    }
    expect(await ids(archive)).toEqual(['m0', 'm0']);
  });

  test('is a conflict where others write meanwhile, and nothing is lost', async () => {
    const { conversation, archive, ids } = await newConversations();
    let written: Promise<unknown> = Promise.resolve();
    const keep = (messages: readonly unknown[]) => {
      written = conversation.append(said(10, 11));
      return messages.length - 8;
    };
    const archiving = archiveHistory(conversation, archive, { keep });
    await expect(archiving).rejects.toMatchObject({ code: 'conflict' });
    await written;
    expect(await ids(conversation)).toEqual(range(0, 11));
    await archiveHistory(conversation, archive, { keep: 1 });
    expect(await ids(archive)).toEqual(range(0, 10));
    expect(await ids(conversation)).toEqual(range(10, 11));
  });

  test.each([-1, 0.5, Number.NaN])('does not keep %d messages', async (keep) => {
    const { conversation, archive } = await newConversations();
    const refused = archiveHistory(conversation, archive, { keep });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_argument', field: 'keep' });
    expect(await archive.metadata()).toBeUndefined();
  });
});
