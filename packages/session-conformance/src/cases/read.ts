import type { Role, SessionStore } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { same } from '../same.ts';
import {
  append,
  change,
  contents,
  known,
  markOf,
  sameMark,
  sameMessages,
  times,
} from '../session.ts';

async function last(store: SessionStore, id: string, count: number): Promise<unknown[]> {
  return contents((await store.read(id, { last: count })).messages);
}

const texts = times(7, (index) => `message ${index}`);
const turns: readonly Role[] = ['system', 'user', 'assistant', 'user', 'tool', 'user', 'assistant'];

/** One message a turn, which says how many there were before. */
async function turnByTurn(store: SessionStore, id: string): Promise<void> {
  for (const [content, role] of turns.entries()) {
    await change(store, id, { append: [{ role, content }] });
  }
}

export const readCases = [
  ...promise('With `last` only the newest so many are read, in order.', {
    'fewer than there are': async ({ store, id }) => {
      await append(store, id, 'one', 'two', 'three');
      await append(store, id, 'four');
      same(await last(store, id, 1), ['four']);
      same(await last(store, id, 3), ['two', 'three', 'four']);
    },
    'as many as there are': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      same(await last(store, id, 2), ['one', 'two']);
    },
    'more than there are': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      for (const count of [3, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
        same(await last(store, id, count), ['one', 'two']);
      }
    },
    'of an empty history': async ({ store, id }) => {
      await store.create(id);
      same(await last(store, id, 5), []);
    },
    'of a history that was shortened': async ({ store, id }) => {
      await append(store, id, 'one', 'two', 'three');
      await change(store, id, { drop: 1 });
      const { messages } = await store.read(id);
      same(await last(store, id, 1), contents(messages.slice(1)));
      same(await last(store, id, 3), contents(messages));
    },
    'of a long history': async ({ store, id }) => {
      await append(store, id, ...times(600, String));
      same(
        await last(store, id, 50),
        times(50, (index) => String(550 + index)),
      );
      same((await last(store, id, 599))[0], '1');
    },
  }),
  ...promise('With `last` of 0 or less nothing is read; the mark is answered all the same.', {
    '0, -0 and less': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      const { mark } = await store.read(id);
      for (const count of [0, -0, -1, -2, -100, -(2 ** 31), Number.MIN_SAFE_INTEGER]) {
        const read = await store.read(id, { last: count });
        same(read.messages, [], `the last ${count}`);
        sameMark(read.mark, mark);
      }
    },
    'of an empty history': async ({ store, id }) => {
      await store.create(id);
      const { mark } = await store.read(id);
      const read = await store.read(id, { last: 0 });
      same(read.messages, []);
      sameMark(read.mark, mark);
    },
    'of a role': async ({ store, id }) => {
      await turnByTurn(store, id);
      const { mark } = await store.read(id);
      for (const count of [0, -1]) {
        const read = await store.read(id, { last: count, role: 'user' });
        same(read.messages, []);
        sameMark(read.mark, mark);
      }
    },
  }),
  ...promise('With `role` only the messages of that role are read, and `last` counts those.', {
    'every role': async ({ store, id }) => {
      await turnByTurn(store, id);
      const { messages } = await store.read(id);
      for (const role of new Set(turns)) {
        const ofRole = messages.filter((message) => message.role === role);
        sameMessages((await store.read(id, { role })).messages, ofRole);
      }
    },
    'a role that nobody has': async ({ store, id }) => {
      await turnByTurn(store, id);
      same((await store.read(id, { role: 'developer' })).messages, []);
      same((await store.read(id, { role: 'developer', last: 3 })).messages, []);
    },
    'the last of a role': async ({ store, id }) => {
      await turnByTurn(store, id);
      const lastUsers = async (count: number) =>
        contents((await store.read(id, { role: 'user', last: count })).messages);
      same(await lastUsers(1), [5]);
      same(await lastUsers(2), [3, 5]);
      same(await lastUsers(3), [1, 3, 5]);
      same(await lastUsers(4), [1, 3, 5]);
      same(await lastUsers(100), [1, 3, 5]);
    },
    'the last of a role that was long ago': async ({ store, id }) => {
      await change(store, id, { append: [{ role: 'system', content: 'first' }] });
      await append(store, id, ...times(200, String));
      const { messages } = await store.read(id, { role: 'system', last: 1 });
      same(contents(messages), ['first']);
    },
    'the role of the message, not that of its item': async ({ store, id }) => {
      const item = { content: 'x', role: 'user' };
      await change(store, id, { append: [{ role: 'tool', content: 'y', item }] });
      same((await store.read(id, { role: 'user' })).messages, []);
      same(known((await store.read(id, { role: 'tool' })).messages[0], 'the message').item, item);
    },
  }),
  ...promise(
    'With `before` only messages that stand before that index are read, and `last` counts back from there.',
    {
      'every index': async ({ store, id }) => {
        await append(store, id, ...texts);
        const { mark } = await store.read(id);
        for (const before of times(texts.length + 2, (index) => index)) {
          const read = await store.read(id, { before });
          same(contents(read.messages), texts.slice(0, before));
          sameMark(read.mark, mark);
        }
      },
      'with a limit': async ({ store, id }) => {
        await append(store, id, ...texts);
        for (const before of times(texts.length + 2, (index) => index)) {
          for (const count of [1, 2, 3, 100]) {
            const part = texts.slice(0, before).slice(-count);
            same(contents((await store.read(id, { before, last: count })).messages), part);
          }
        }
      },
      'more than there are, and less than none': async ({ store, id }) => {
        await append(store, id, ...texts);
        for (const before of [2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
          same(contents((await store.read(id, { before })).messages), texts);
        }
        for (const before of [0, -0, -1, -2, Number.MIN_SAFE_INTEGER]) {
          same((await store.read(id, { before })).messages, []);
          same((await store.read(id, { before, last: 2 })).messages, []);
        }
      },
      'page by page upwards, while it grows': async ({ store, id }) => {
        await append(store, id, ...times(48, String));
        const pages: unknown[][] = [];
        for (const before of [48, 40, 32, 24, 16, 8]) {
          const { messages } = await store.read(id, { last: 8, before });
          pages.unshift(contents(messages));
          await append(store, id, 'new');
        }
        same(pages.flat(), times(48, String));
      },
      'of an empty history': async ({ store, id }) => {
        await store.create(id);
        same((await store.read(id, { before: 5, last: 2 })).messages, []);
      },
    },
  ),
  ...promise(
    'The answer has the index of the first message that was read, and those of messages that were left out.',
    {
      'whatever is read': async ({ store, id }) => {
        await append(store, id, ...texts);
        await append(store, id, 'since', 'then');
        const length = texts.length + 2;
        for (const [query, first] of [
          [{}, 0],
          [{ last: 3 }, length - 3],
          [{ last: length }, 0],
          [{ last: 100 }, 0],
          [{ before: 100, last: 1 }, length - 1],
          [{ role: 'user' }, null],
          [{ role: 'tool' }, null],
        ] as const) {
          const read = await store.read(id, query);
          same([read.first, read.skipped], [first, []], JSON.stringify(query));
        }
      },
      'in a part of it': async ({ store, id }) => {
        await append(store, id, ...texts);
        const since = await markOf(store, id);
        await append(store, id, 'since', 'then');
        for (const query of [{ since }, { before: 3 }, { before: 3, last: 2 }, { last: 2 }]) {
          const { messages, first } = await store.read(id, query);
          const all = await store.read(id);
          same(
            first,
            all.messages.findIndex((each) => each.id === messages[0]?.id),
          );
        }
      },
      'after a drop': async ({ store, id }) => {
        await append(store, id, ...texts);
        const since = await markOf(store, id);
        await change(store, id, { drop: 2 });
        same((await store.read(id, { since })).first, 0);
        same((await store.read(id, { last: 1 })).first, texts.length - 3);
        await change(store, id, { drop: 'all' });
        same((await store.read(id)).first, null);
      },
    },
  ),
];
