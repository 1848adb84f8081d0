import type { SessionMark } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, known, said, sameMark } from '../session.ts';

export const markCases = promise(
  'A mark names the same history from whichever read or commit it comes.',
  {
    'from every kind of read': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      await change(store, id, { drop: 1, append: [{ role: 'tool', content: 'three' }] });
      const { mark } = await store.read(id);
      for (const part of [{ last: 0 }, { last: 1 }, { last: 9 }]) {
        sameMark((await store.read(id, part)).mark, mark);
        sameMark((await store.read(id, { ...part, role: 'user' })).mark, mark);
        sameMark((await store.read(id, { ...part, role: 'system' })).mark, mark);
      }
      sameMark((await store.read(id, { role: 'user' })).mark, mark);
      sameMark((await store.read(id, { since: known(mark, 'the mark') })).mark, mark);
    },
    'from every kind of commit': async ({ store, id }) => {
      const { mark: first } = await append(store, id, 'zero');
      sameMark(first, (await store.read(id)).mark);
      for (const commit of [
        { append: [said('one')] },
        { append: [said('two'), said('three')] },
        { drop: 1 },
        { drop: 0 },
        { drop: 1, append: [said('four'), said('five')] },
        { append: [], agent: 'helper' },
        { agent: 'other' },
        { drop: 'all', forgetOperations: true },
        { drop: 'all', append: [said('six')] },
        { drop: 1 },
        { drop: 1 },
      ] as const) {
        const { mark } = await change(store, id, commit);
        sameMark(mark, (await store.read(id)).mark);
      }
    },
    'from a creation': async ({ store, id }) => {
      const { mark } = await store.create(id);
      sameMark(mark, (await store.read(id)).mark);
    },
    'as what a commit expects': async ({ store, id }) => {
      let expect: SessionMark = (await store.create(id)).mark;
      for (const read of [{}, { last: 0 }, { last: 1 }, { role: 'tool' }] as const) {
        const text = JSON.stringify(read);
        const commit = { append: [said(`first ${text}`)], expect };
        const committed = known((await change(store, id, commit)).mark, 'the mark');
        await change(store, id, { drop: 1, append: [said(`then ${text}`)], expect: committed });
        expect = known((await store.read(id, read)).mark, 'the mark');
      }
      same(expect.length, 4);
    },
    'as what a read continues': async ({ store, id }) => {
      await store.create(id);
      const marks = [known((await append(store, id, 'one', 'two')).mark, 'the mark')];
      for (const read of [{}, { last: 0 }, { last: 1 }, { role: 'tool' }] as const) {
        marks.push(known((await store.read(id, read)).mark, 'the mark'));
      }
      const since = known((await store.read(id)).mark, 'the mark');
      await append(store, id, 'three');
      const read = await store.read(id, { since });
      for (const mark of marks) same(await store.read(id, { since: mark }), read);
    },
    'the last id is that of the last message': async ({ store, id }) => {
      const created = await store.create(id);
      const messages = ['one', 'two'].map((text) => ({ ...said(text), id: text }));
      const committed = await change(store, id, { append: messages });
      const agent = await change(store, id, { append: [], agent: 'helper' });
      const read = await store.read(id);
      const none = await store.read(id, { last: 0 });
      same(created.mark.lastId, null);
      for (const { mark } of [committed, agent, read, none]) same(mark?.lastId, 'two');
      const shorter = await change(store, id, { drop: 1 });
      same(shorter.mark?.lastId, (await store.read(id)).messages[0]?.id);
      same((await change(store, id, { drop: 1 })).mark?.lastId, null);
    },
  },
);
