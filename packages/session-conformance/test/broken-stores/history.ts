import { SessionError } from '@agent-sessions/session-core';
import type { ReadQuery } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken } from './broken-store.ts';

const missing =
  'A session that does not exist reads as an empty history without a mark, never as an error.';

export const brokenHistory = [
  broken(
    'reading what is not there fails',
    missing,
    class extends MemorySessionStore {
      override async read(sessionId: string, query?: ReadQuery) {
        const result = await super.read(sessionId, query);
        if ((await super.metadata(sessionId)) === undefined) {
          throw new SessionError('session_not_found', 'There is no such session.');
        }
        return result;
      }
    },
  ),
  broken(
    'what is not there has a mark',
    missing,
    class extends MemorySessionStore {
      override async read(sessionId: string, query?: ReadQuery) {
        const result = await super.read(sessionId, query);
        if ((await super.metadata(sessionId)) !== undefined) return result;
        return { ...result, mark: { epoch: '', generation: 0, length: 0, lastId: null } };
      }
    },
  ),
  broken(
    'equal messages in a row are kept once',
    'Equal messages are all kept.',
    class extends MemorySessionStore {
      override async read(sessionId: string, query?: ReadQuery) {
        const { messages, ...rest } = await super.read(sessionId, query);
        const texts = messages.map(({ role, content, item }) =>
          JSON.stringify([role, content, item]),
        );
        const kept = messages.filter((_, index) => texts[index] !== texts[index - 1]);
        return { messages: kept, ...rest };
      }
    },
  ),
  broken(
    'history is in the order of the clocks',
    'History is in the order of commits, whatever the clocks say.',
    class extends MemorySessionStore {
      override async read(sessionId: string, query?: ReadQuery) {
        const { messages, ...rest } = await super.read(sessionId, query);
        const sorted = messages.toSorted((one, other) => one.timestampMs - other.timestampMs);
        return { messages: sorted, ...rest };
      }
    },
  ),
];
