import type { Commit, ReadQuery, ReadResult, SessionAccess } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { SharingStore } from '../sharing-store.ts';
import { brokenEach, type BrokenStore } from './broken-store.ts';

const readElsewhere = 'What one store has committed, every other reads.';

/** What was in memory is gone when a store was closed. */
const forgetful: BrokenStore = {
  name: 'sessions are gone when the store is opened again',
  breaks: [
    'Sessions are there again when the store is opened again.',
    'Repeating an operation id changes nothing and answers what it answered first.',
    'After closing, every other call is `closed`.',
  ],
  create() {
    let memory = new MemorySessionStore();
    class Forgetful extends SharingStore {
      override async close() {
        await super.close();
        memory = new MemorySessionStore();
      }
    }
    return { open: () => new Forgetful(memory) };
  },
};

export const brokenSharing = [
  forgetful,
  brokenEach(
    'a store reads what it has read before',
    readElsewhere,
    class extends SharingStore {
      readonly #read = new Map<string, ReadResult>();

      override async read(sessionId: string, query?: ReadQuery) {
        const known = this.#read.get(sessionId);
        if (known && query === undefined) return structuredClone(known);
        const result = await super.read(sessionId, query);
        if (query === undefined && result.mark) {
          this.#read.set(sessionId, structuredClone(result));
        }
        return result;
      }
      override async commit(sessionId: string, commit: Commit) {
        this.#read.delete(sessionId);
        return super.commit(sessionId, commit);
      }
      override async delete(sessionId: string, access?: SessionAccess) {
        this.#read.delete(sessionId);
        return super.delete(sessionId, access);
      }
      override async close() {
        this.#read.clear();
        await super.close();
      }
    },
  ),
  brokenEach(
    'a store knows the metadata that it has read before',
    readElsewhere,
    class extends SharingStore {
      readonly #known = new Map<string, Awaited<ReturnType<SharingStore['metadata']>>>();

      override async metadata(sessionId: string, access?: SessionAccess) {
        const metadata = await super.metadata(sessionId, access);
        const known = this.#known.get(sessionId) ?? metadata;
        if (metadata) this.#known.set(sessionId, known);
        return metadata && known;
      }
      override async commit(sessionId: string, commit: Commit) {
        this.#known.delete(sessionId);
        return super.commit(sessionId, commit);
      }
      override async delete(sessionId: string, access?: SessionAccess) {
        this.#known.delete(sessionId);
        return super.delete(sessionId, access);
      }
    },
  ),
];
