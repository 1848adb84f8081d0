import { Conversation, forkHistory } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, expect, test } from '@jest/globals';

import { idsOf, newConversation, said } from './saying.ts';

const newFork = (store = new MemorySessionStore()) =>
  new Conversation({ store, sessionId: 'fork', userId: 'ada' });

describe('forkHistory', () => {
  test('copies messages as they are up to one, notes where they come from, and leaves the source', async () => {
    const { conversation, store } = await newConversation(5);
    await conversation.setState({ title: 'Order', run: { text: 'waits' } });
    const fork = newFork(store);
    const result = await forkHistory(conversation, fork, { until: 'm2', state: ['title', 'tags'] });
    expect(result.mark).toMatchObject({ length: 3, lastId: 'm2' });
    expect(await fork.messages()).toEqual((await conversation.messages()).slice(0, 3));
    const state = await fork.state();
    expect(state['forkedFrom']?.value).toEqual({ sessionId: 'chat', messageId: 'm2' });
    expect(state['title']?.value).toBe('Order');
    expect(Object.keys(state).toSorted()).toEqual(['forkedFrom', 'title']);
    expect((await fork.metadata())?.currentAgent).toBe('agent of m2');
    expect(await idsOf(conversation)).toHaveLength(5);
    expect(result.mark?.epoch).not.toBe((await conversation.read()).mark?.epoch);
  });

  test('a history of 10,000 messages, into another store', async () => {
    const { conversation } = await newConversation(10_000);
    const fork = newFork();
    await forkHistory(conversation, fork);
    expect(await fork.messages()).toEqual(await conversation.messages());
  });

  test('the same fork twice, with the answer lost and the source grown meanwhile, is one', async () => {
    const { conversation } = await newConversation(3);
    const fork = newFork();
    const first = await forkHistory(conversation, fork, { operationId: 'fork' });
    await conversation.append(said(3, 6));
    const again = await forkHistory(conversation, fork, { operationId: 'fork' });
    expect(again).toEqual({ ...first, repeated: true });
    expect(await idsOf(fork)).toEqual(['m0', 'm1', 'm2']);
    const another = forkHistory(conversation, fork, { operationId: 'fork', until: 'm1' });
    await expect(another).rejects.toMatchObject({ code: 'operation_reused' });
  });

  test('nothing is written over a session that exists, and nothing made of what is not there', async () => {
    const { conversation, store } = await newConversation(3);
    const fork = newFork();
    await fork.append(said(7, 8));
    await expect(forkHistory(conversation, fork)).rejects.toMatchObject({ code: 'conflict' });
    expect(await idsOf(fork)).toEqual(['m7']);

    const unborn = newFork(store);
    const until = { until: 'none' };
    await expect(forkHistory(conversation, unborn, until)).rejects.toMatchObject({
      code: 'conflict',
    });
    const missing = new Conversation({ store, sessionId: 'missing' });
    await expect(forkHistory(missing, unborn)).rejects.toMatchObject({ code: 'session_not_found' });
    expect(await unborn.metadata()).toBeUndefined();
  });
});
