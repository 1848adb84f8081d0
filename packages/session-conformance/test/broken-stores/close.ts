import { storeClosed } from '@agent-sessions/session-core';
import type { Commit, SessionAccess } from '@agent-sessions/session-core';
import type { MemorySessionStore } from '@agent-sessions/session-memory';

import { SharingStore } from '../sharing-store.ts';
import { brokenEach } from './broken-store.ts';

const closed = 'After closing, every other call is `closed`.';

export const brokenClosing = [
  brokenEach(
    'closing twice fails',
    'Closing twice does no harm.',
    class extends SharingStore {
      #closed = false;

      override async close() {
        if (this.#closed) throw new Error('The client is closed.');
        this.#closed = true;
        await super.close();
      }
    },
  ),
  brokenEach(
    'a closed store works on',
    closed,
    class extends SharingStore {
      override async close() {}
    },
  ),
  brokenEach(
    'a closed store answers what it knows',
    closed,
    class extends SharingStore {
      readonly #known = new Map<string, Awaited<ReturnType<SharingStore['metadata']>>>();
      #closed = false;

      override async metadata(sessionId: string, access?: SessionAccess) {
        if (this.#closed) return this.#known.get(sessionId);
        const metadata = await super.metadata(sessionId, access);
        this.#known.set(sessionId, metadata);
        return metadata;
      }
      override async close() {
        this.#closed = true;
        await super.close();
      }
    },
  ),
  brokenEach(
    'a closed store writes, and then says that it is closed',
    closed,
    class Late extends SharingStore {
      readonly #late: MemorySessionStore;
      #closed = false;

      constructor(memory: MemorySessionStore) {
        super(memory);
        this.#late = memory;
      }

      override async commit(sessionId: string, commit: Commit) {
        const result = await this.#late.commit(sessionId, commit);
        if (this.#closed) throw storeClosed();
        return result;
      }
      override async close() {
        this.#closed = true;
        await super.close();
      }
    },
  ),
];
