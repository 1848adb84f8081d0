import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, history, said, times } from '../session.ts';

export const historyCases = [
  ...promise('Equal messages are all kept.', {
    'in one commit': async ({ store, id }) => {
      await append(store, id, 'yes', 'yes', 'yes');
      same(await history(store, id), ['yes', 'yes', 'yes']);
    },
    'in several commits': async ({ store, id }) => {
      await append(store, id, 'yes');
      await append(store, id, 'yes');
      same(await history(store, id), ['yes', 'yes']);
    },
    'equal to the last digit of their ids and times': async ({ store, id }) => {
      const message = { ...said('yes'), id: 'm', timestampMs: 1e12, agent: 'a', tokens: 1 };
      await change(store, id, { append: [message, message] });
      await change(store, id, { append: [message] });
      same(await history(store, id), ['yes', 'yes', 'yes']);
    },
    'equal items': async ({ store, id }) => {
      const item = { callId: 'same', name: 'f', type: 'function_call' };
      const message = { role: 'assistant', item } as const;
      await change(store, id, { append: [message, message] });
      await change(store, id, { append: [message] });
      const { messages } = await store.read(id);
      same(
        messages.map((each) => each.item),
        [item, item, item],
      );
    },
  }),
  ...promise('History is in the order of commits, whatever the clocks say.', {
    'clocks that step backwards from commit to commit': async ({ store, id }) => {
      const texts = times(5, (index) => `message ${index}`);
      for (const [index, text] of texts.entries()) {
        await change(store, id, { append: [{ ...said(text), timestampMs: 1e12 - index * 1000 }] });
      }
      same(await history(store, id), texts);
    },
    'times in any order in one commit': async ({ store, id }) => {
      const clocks = [5, 3, 9, 3, 1, 9];
      const messages = clocks.map((timestampMs, index) => ({ ...said(index), timestampMs }));
      await change(store, id, { append: messages });
      same(await history(store, id), [0, 1, 2, 3, 4, 5]);
    },
    'ids in any order': async ({ store, id }) => {
      for (const name of ['c', 'a', 'b', '10', '9']) {
        await change(store, id, { append: [{ ...said(name), id: name }] });
      }
      same(await history(store, id), ['c', 'a', 'b', '10', '9']);
    },
    'many commits in the same millisecond': async ({ store, id }) => {
      const texts = times(100, String);
      for (const text of texts) await append(store, id, text);
      same(await history(store, id), texts);
    },
  }),
];
