import { setImmediate as turn } from 'node:timers/promises';

import type { SessionStore } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, history, said, several, times, together } from '../session.ts';

/** Commits 20 batches of 10 at the same time and expects each to stand together. */
async function batchesStayTogether(
  stores: readonly SessionStore[],
  reader: SessionStore,
  id: string,
): Promise<void> {
  const batch = (name: number) => times(10, (index) => `${name}.${index}`);
  await together(stores, 20, (store, name) => append(store, id, ...batch(name)));
  const texts = (await history(reader, id)).map(String);
  same(texts.length, 200, 'the number of messages');
  for (let from = 0; from < texts.length; from += 10) {
    const name = Number(texts[from]?.split('.')[0]);
    same(texts.slice(from, from + 10), batch(name), 'a batch');
  }
}

/** Reads while something is written, and expects histories of certain lengths only. */
async function readersSee(
  reader: SessionStore,
  id: string,
  isWhole: (length: number) => boolean,
  write: () => Promise<void>,
): Promise<void> {
  const writer = { isWriting: true };
  const written = write().finally(() => {
    writer.isWriting = false;
  });
  // Where it fails, it is reported below, and not as unhandled meanwhile.
  written.catch(() => {});
  try {
    while (writer.isWriting) {
      const { messages, mark } = await reader.read(id);
      same(isWhole(messages.length), true, `whether ${messages.length} messages are whole commits`);
      same(mark?.length, messages.length, 'the length in the mark');
      await turn();
    }
  } finally {
    await written;
  }
}

function seven(name: string): string[] {
  return times(7, (index) => `${name}.${index}`);
}

const sentence = 'A commit is applied as a whole or not at all, and what it adds stays together.';

export const commitWholenessCases = [
  ...promise(sentence, {
    'a thousand messages': async ({ store, id }) => {
      const texts = times(1000, (index) => `message ${index}`);
      const { mark } = await append(store, id, ...texts);
      same(mark?.length, 1000);
      same(await history(store, id), texts);
    },
    'more than a thousand messages in place of others': async ({ store, id }) => {
      await append(store, id, ...times(10, String));
      const texts = times(1100, (index) => `message ${index}`);
      const { mark } = await change(store, id, { drop: 'all', append: texts.map(said) });
      same(mark?.length, 1100);
      same(await history(store, id), texts);
    },
    'batches at the same time': ({ store, id }) => batchesStayTogether([store], store, id),
    'a reader at the same time': async ({ store, id }) => {
      await store.create(id);
      await readersSee(
        store,
        id,
        (length) => length % 7 === 0,
        async () => {
          for (const name of times(20, String)) await append(store, id, ...seven(name));
        },
      );
    },
  }),
  ...promise(
    sentence,
    {
      'batches from several stores at the same time': async (context) =>
        batchesStayTogether(await several(context, 4), context.store, context.id),
      'a reader elsewhere while a tail is replaced': async ({ store, id, open }) => {
        await append(store, id, 'a', 'b', 'c');
        await readersSee(
          await open(),
          id,
          (length) => length === 3,
          async () => {
            for (const name of times(30, String)) {
              await change(store, id, { drop: 2, append: [said(name), said(`${name}!`)] });
            }
          },
        );
      },
    },
    'sharedWriters',
  ),
];
