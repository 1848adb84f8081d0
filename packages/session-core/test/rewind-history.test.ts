import { Conversation, rewindHistory } from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { idsOf, newConversation, said } from './saying.ts';

const ids = (from: number, to: number) => said(from, to).map(({ id }) => id);

describe('rewindHistory', () => {
  test('cuts before or after any message of a history of any length, and answers what was cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 320 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.boolean(),
        async (length, place, isKept) => {
          const { conversation } = await newConversation(length);
          const at = Math.floor(place * length);
          const point = isKept ? { after: `m${at}` } : { before: `m${at}` };
          const dropped = await rewindHistory(conversation, point);
          const cut = at + (isKept ? 1 : 0);
          expect(dropped.map(({ id }) => id)).toEqual(ids(cut, length));
          expect(await idsOf(conversation)).toEqual(ids(0, cut));
        },
      ),
      { numRuns: 40, seed: 1 },
    ));

  test('the agent of the last message kept acts again; the run that waits goes, other values stay', async () => {
    const { conversation } = await newConversation(4);
    await conversation.trackAgent('another');
    await conversation.setState({ run: { text: 'of m3' }, title: 'Order' });
    await conversation.commit({ usage: { requests: 2 } });
    await rewindHistory(conversation, { before: 'm2' });
    const metadata = await conversation.metadata();
    expect(metadata?.currentAgent).toBe('agent of m1');
    expect(metadata?.usage.requests).toBe(2);
    expect(Object.keys(await conversation.state())).toEqual(['title']);
  });

  test('repeated with its operation id it is done once, also after others have written', async () => {
    const { conversation } = await newConversation(6);
    const once = await rewindHistory(conversation, { before: 'm3' }, { operationId: 'edit' });
    await conversation.append(said(10, 12));
    const again = await rewindHistory(conversation, { before: 'm3' }, { operationId: 'edit' });
    expect(again).toEqual(once);
    const kept = { after: 'm1' };
    const second = await rewindHistory(conversation, kept, { operationId: 'second' });
    await conversation.append(said(20, 21));
    expect(await rewindHistory(conversation, kept, { operationId: 'second' })).toEqual(second);
    expect(await idsOf(conversation)).toEqual(['m0', 'm1', 'm20']);
  });

  test('an operation id of another change is refused, and nothing is dropped', async () => {
    const { conversation } = await newConversation(3);
    await conversation.append(said(3, 4), { operationId: 'said' });
    await expect(
      rewindHistory(conversation, { before: 'm1' }, { operationId: 'said' }),
    ).rejects.toMatchObject({ code: 'operation_reused' });
    expect(await idsOf(conversation)).toEqual(ids(0, 4));
  });

  test('a message that is not there is a conflict; so is what others wrote while it was looked for', async () => {
    const { conversation, store } = await newConversation(250);
    await expect(rewindHistory(conversation, { before: 'none' })).rejects.toMatchObject({
      code: 'conflict',
    });
    const gone = new Conversation({ store, sessionId: 'another' });
    await expect(rewindHistory(gone, { after: 'm1' })).rejects.toMatchObject({ code: 'conflict' });
    expect(await gone.metadata()).toBeUndefined();

    const read = conversation.read.bind(conversation);
    conversation.read = async (query) => {
      const page = await read(query);
      await conversation.append(said(900, 901));
      return page;
    };
    await expect(rewindHistory(conversation, { before: 'm1' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await idsOf(conversation)).toEqual([...ids(0, 250), 'm900', 'm900']);
  });

  test('a point that is none is refused before anything is read', async () => {
    const { conversation } = await newConversation(2);
    for (const point of [null, {}, { before: 1 }, { after: 'm0', before: 'm1' }, 'm1']) {
      const call: unknown = Reflect.apply(rewindHistory, undefined, [conversation, point]);
      await expect(call).rejects.toMatchObject({ code: 'invalid_argument', field: 'point' });
    }
    expect(await idsOf(conversation)).toEqual(['m0', 'm1']);
  });
});
