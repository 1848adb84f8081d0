import { checkQuery } from '@agent-sessions/session-core';
import type { Commit, ReadQuery, ReadResult } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken, type BrokenStore } from './broken-store.ts';

const newest = 'With `last` only the newest so many are read, in order.';
const none = 'With `last` of 0 or less nothing is read; the mark is answered all the same.';
const ofRole = 'With `role` only the messages of that role are read, and `last` counts those.';
const before =
  'With `before` only messages that stand before that index are read, and `last` counts back from there.';
const first =
  'The answer has the index of the first message that was read, and those of messages that were left out.';
const since = 'With `since` only what was added after that mark is read, and `continues` is true.';
const anew =
  'Where history did not only grow since the mark, all of it is read, and `continues` is false.';
const sameMark = 'A mark names the same history from whichever read or commit it comes.';

type Read = (query: ReadQuery) => Promise<ReadResult>;

/** Reads in another way, after what is bad was refused. */
function reading(
  name: string,
  breaks: string | readonly string[],
  instead: (query: ReadQuery, read: Read) => Promise<ReadResult>,
): BrokenStore {
  return broken(
    name,
    breaks,
    class extends MemorySessionStore {
      override async read(sessionId: string, query: ReadQuery = {}) {
        checkQuery(query);
        return instead(query, (other) => super.read(sessionId, other));
      }
    },
  );
}

export const brokenReads = [
  reading('the last are read newest first', [newest, before, first], async (query, read) => {
    const result = await read(query);
    return query.last === undefined || query.role !== undefined
      ? result
      : { ...result, messages: result.messages.toReversed() };
  }),
  reading('a large limit overflows', newest, (query, read) =>
    read(query.last && query.last > 0 ? { ...query, last: query.last | 0 } : query),
  ),
  reading('the last 0 are all', none, (query, read) =>
    read(query.last === 0 ? { ...query, last: undefined } : query),
  ),
  reading('the sign of a limit does not count', none, (query, read) =>
    read(query.last === undefined ? query : { ...query, last: Math.abs(query.last) }),
  ),
  reading('the last are counted before the role', ofRole, async (query, read) => {
    if (query.last === undefined || query.role === undefined) return read(query);
    const { messages, ...rest } = await read({ ...query, role: undefined });
    return { messages: messages.filter(({ role }) => role === query.role), ...rest };
  }),
  reading('an index before which to read is ignored', before, (query, read) =>
    read({ ...query, before: undefined }),
  ),
  reading(
    'the last are counted from the end, whatever is read',
    [before, first],
    async (query, read) => {
      if (query.before === undefined || query.last === undefined) return read(query);
      const { messages } = await read({ ...query, last: undefined });
      const rest = await read(query);
      const { length } = (await read({ last: 0, userId: query.userId })).mark ?? { length: 0 };
      const from = length - Math.max(query.last, 0);
      return { ...rest, messages: messages.filter((_, index) => index >= from) };
    },
  ),
  reading('the first message has the index 0', first, async (query, read) => {
    const result = await read(query);
    return { ...result, first: result.first === null ? null : 0 };
  }),
  reading('what was picked by its role has a place', first, async (query, read) => {
    const result = await read(query);
    return query.role !== undefined && result.messages.length > 0
      ? { ...result, first: 0 }
      : result;
  }),
  reading('a mark is ignored', since, (query, read) => read({ ...query, since: undefined })),
  reading('the message at the mark is read again', [since, first], async (query, read) => {
    const result = await read(query);
    const { messages } = await read({ ...query, since: undefined });
    if (!result.continues || !query.since) return result;
    return { ...result, messages: messages.slice(Math.max(query.since.length - 1, 0)) };
  }),
  reading('every mark is continued', anew, async (query, read) => {
    const result = await read(query);
    if (!query.since || result.mark?.epoch !== query.since.epoch) return result;
    const { messages } = await read({ ...query, since: undefined });
    return { ...result, messages: messages.slice(query.since.length), continues: true };
  }),
  reading('a history that is longer than the mark continues it', anew, async (query, read) => {
    const { mark } = await read({ last: 0, userId: query.userId });
    const isLonger = query.since && mark && mark.length > query.since.length;
    if (!query.since || !isLonger) return read(query);
    return read({ ...query, since: { ...query.since, generation: mark.generation } });
  }),
  reading('the mark of a former session is continued', anew, async (query, read) => {
    const { mark } = await read({ last: 0, userId: query.userId });
    if (!query.since || !mark) return read(query);
    return read({ ...query, since: { ...query.since, epoch: mark.epoch } });
  }),
  reading('the mark of a role counts its messages', sameMark, async (query, read) => {
    const { messages, mark, ...rest } = await read(query);
    const counts = query.role !== undefined && query.last === undefined && mark !== null;
    return { messages, mark: counts ? { ...mark, length: messages.length } : mark, ...rest };
  }),
  reading('the mark of a role knows its last message', sameMark, async (query, read) => {
    const { messages, mark, ...rest } = await read(query);
    const lastId = query.role === undefined ? undefined : messages.at(-1)?.id;
    return { messages, mark: mark && lastId ? { ...mark, lastId } : mark, ...rest };
  }),
  broken(
    'the mark of a commit is that before it',
    sameMark,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const { mark, ...rest } = await super.commit(sessionId, commit);
        const isDrop = commit.drop !== undefined && mark !== null;
        return { mark: isDrop ? { ...mark, generation: mark.generation - 1 } : mark, ...rest };
      }
    },
  ),
];
