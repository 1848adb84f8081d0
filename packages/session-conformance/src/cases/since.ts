import type { SessionMark, SessionStore } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, contents, markOf, said, sameMark, sameMessages } from '../session.ts';

/** Expects what was added since a mark, and nothing else. */
async function added(
  store: SessionStore,
  id: string,
  since: SessionMark,
  texts: readonly string[],
): Promise<void> {
  const { messages, mark, continues } = await store.read(id, { since });
  same([contents(messages), continues], [texts, true]);
  sameMark(mark, await markOf(store, id));
}

/** Expects all of a history that did not only grow since a mark. */
async function startsAnew(store: SessionStore, id: string, since: SessionMark): Promise<void> {
  const { messages, mark } = await store.read(id);
  const read = await store.read(id, { since });
  same(read.continues, false, 'whether it continues');
  sameMessages(read.messages, messages);
  sameMark(read.mark, mark);
}

export const sinceCases = [
  ...promise('With `since` only what was added after that mark is read, and `continues` is true.', {
    'nothing was added': async ({ store, id }) => {
      await append(store, id, 'one');
      await added(store, id, await markOf(store, id), []);
    },
    'one commit, and more': async ({ store, id }) => {
      await append(store, id, 'one');
      const since = await markOf(store, id);
      await append(store, id, 'two');
      await added(store, id, since, ['two']);
      await append(store, id, 'three', 'four');
      await added(store, id, since, ['two', 'three', 'four']);
    },
    'from mark to mark': async ({ store, id }) => {
      await append(store, id, 'one');
      const first = await store.read(id);
      await append(store, id, 'two', 'three');
      const second = await store.read(id, { since: first.mark ?? undefined });
      same(contents(second.messages), ['two', 'three']);
      await append(store, id, 'four');
      const third = await store.read(id, { since: second.mark ?? undefined });
      same([contents(third.messages), third.continues], [['four'], true]);
    },
    'an empty history': async ({ store, id }) => {
      await store.create(id);
      const since = await markOf(store, id);
      await added(store, id, since, []);
      await append(store, id, 'one', 'two');
      await added(store, id, since, ['one', 'two']);
    },
    'after a drop, which the mark knows of': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      await change(store, id, { drop: 1 });
      const since = await markOf(store, id);
      await append(store, id, 'three');
      await added(store, id, since, ['three']);
    },
    'after all were dropped, which the mark knows of': async ({ store, id }) => {
      await append(store, id, 'one', 'two');
      await change(store, id, { drop: 'all' });
      const since = await markOf(store, id);
      await append(store, id, 'three');
      await added(store, id, since, ['three']);
    },
    'commits that dropped nothing': async ({ store, id }) => {
      await store.create(id);
      const since = await markOf(store, id);
      await change(store, id, { drop: 'all' });
      await change(store, id, { drop: 2, append: [said('one')] });
      await change(store, id, { append: [], agent: 'helper', forgetOperations: true });
      await added(store, id, since, ['one']);
    },
    'messages with the same id': async ({ store, id }) => {
      const withId = (text: string) => ({ ...said(text), id: 'm' });
      await change(store, id, { append: [withId('one'), withId('two')] });
      const since = await markOf(store, id);
      await change(store, id, { append: [withId('three')] });
      await added(store, id, since, ['three']);
    },
  }),
  ...promise(
    'Where history did not only grow since the mark, all of it is read, and `continues` is false.',
    {
      'it was shortened': async ({ store, id }) => {
        await append(store, id, 'one', 'two', 'three');
        const since = await markOf(store, id);
        await change(store, id, { drop: 1 });
        await startsAnew(store, id, since);
      },
      'its end was replaced': async ({ store, id }) => {
        await append(store, id, 'one', 'two');
        const since = await markOf(store, id);
        await change(store, id, { drop: 1, append: [said('other')] });
        await startsAnew(store, id, since);
        await append(store, id, 'three', 'four');
        await startsAnew(store, id, since);
      },
      'its end was replaced by what it was': async ({ store, id }) => {
        const message = { ...said('one'), id: 'm', timestampMs: 1e12 };
        await change(store, id, { append: [message] });
        const since = await markOf(store, id);
        await change(store, id, { drop: 1 });
        await change(store, id, { append: [message] });
        await startsAnew(store, id, since);
      },
      'all was dropped': async ({ store, id }) => {
        await append(store, id, 'one', 'two');
        const since = await markOf(store, id);
        await change(store, id, { drop: 'all' });
        await startsAnew(store, id, since);
        await append(store, id, 'three', 'four', 'five');
        await startsAnew(store, id, since);
      },
      'of an empty history': async ({ store, id }) => {
        await store.create(id);
        const since = await markOf(store, id);
        await append(store, id, 'one');
        await change(store, id, { drop: 1 });
        await startsAnew(store, id, since);
        await append(store, id, 'two');
        await startsAnew(store, id, since);
      },
      'the session was made anew': async ({ store, id }) => {
        // With the same ids: only the epoch tells them apart.
        const message = { ...said('one'), id: 'm', timestampMs: 1e12 };
        await change(store, id, { append: [message] });
        const since = await markOf(store, id);
        await store.delete(id);
        await change(store, id, { append: [message, said('two')] });
        await startsAnew(store, id, since);
      },
      'the last message of the mark is another now': async ({ store, id }) => {
        await append(store, id, 'one', 'two');
        const since = await markOf(store, id);
        await startsAnew(store, id, { ...since, lastId: 'another' });
        await startsAnew(store, id, { ...since, length: since.length + 5 });
      },
      'the mark is of another session': async ({ store, id }) => {
        await append(store, id, 'one', 'two');
        await append(store, 'session-2', 'one');
        await startsAnew(store, id, await markOf(store, 'session-2'));
      },
    },
  ),
];
