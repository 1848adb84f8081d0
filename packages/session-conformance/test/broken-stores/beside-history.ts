import { randomUUID } from 'node:crypto';

import { checkCommit, noUsage, SessionError } from '@agent-sessions/session-core';
import type {
  Commit,
  SessionAccess,
  SessionInit,
  SessionUsage,
} from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken, detached } from './broken-store.ts';
import { committing } from './named-values.ts';

const beside =
  'A commit beside the history, of nothing but values, usage and a claim, moves neither the time of the last write nor the expiry.';
const added = 'Usage is added to the usage of the session, number by number.';
const claimed =
  'With `claim` a session that has no user becomes that of `userId`, and is not found by others.';
const imported =
  'A session that is created with `imported` has those times; one that exists keeps its own.';

export const brokenBesideHistory = [
  broken(
    'setting a value is a write of history',
    [
      beside,
      'Sessions come by the time of the last write, newest first, and by their ids where it is the same.',
    ],
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const { touches, fingerprint: intent } = checkCommit(own);
        const isThere = (await super.metadata(sessionId)) !== undefined;
        if (touches || !isThere) return super.commit(sessionId, own);
        return super.commit(sessionId, { ...own, append: [], ttlMs: undefined, intent });
      }
    },
  ),
  broken(
    'a value is set in a session that is not there',
    [
      'A commit without `append` to a session that does not exist answers a mark of `null` and leaves nothing behind.',
      beside,
      'A session that does not exist has no values.',
      'With `claim` a session that has no user becomes that of `userId`, and is not found by others.',
      'The answer has the revision that the values set by the commit have.',
    ],
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const { touches, fingerprint: intent } = checkCommit(own);
        const isThere = (await super.metadata(sessionId)) !== undefined;
        if (touches || isThere) return super.commit(sessionId, own);
        return super.commit(sessionId, { ...own, append: [], intent });
      }
    },
  ),
  broken(
    'usage is that of the last commit',
    added,
    class extends MemorySessionStore {
      readonly #last = new Map<string, Partial<SessionUsage>>();

      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        const epoch = result.mark?.epoch;
        if (epoch && !result.repeated && commit.usage) this.#last.set(epoch, commit.usage);
        return result;
      }
      override async metadata(sessionId: string, access?: SessionAccess) {
        const metadata = await super.metadata(sessionId, access);
        const { mark } = await super.read(sessionId, { last: 0 });
        const usage = { ...noUsage, ...this.#last.get(mark?.epoch ?? '') };
        return metadata && { ...metadata, usage };
      }
    },
  ),
  committing('usage of a commit with messages is not added', added, (commit, apply) => {
    const intent = commit.intent ?? checkCommit(commit).fingerprint;
    return apply(commit.append?.length ? { ...commit, usage: undefined, intent } : commit);
  }),
  committing('nobody’s session cannot be claimed', [claimed, beside], (commit, apply) =>
    apply({ ...commit, claim: false }),
  ),
  broken(
    'anybody’s session can be claimed',
    claimed,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const metadata = await super.metadata(sessionId);
        const userId = own.claim ? (metadata?.userId ?? own.userId) : own.userId;
        return super.commit(sessionId, { ...own, userId });
      }
    },
  ),
  committing(
    'what is claimed answers as not found to its user',
    [claimed, beside],
    async (commit, apply) => {
      const result = await apply(commit);
      if (commit.claim && result.mark && !result.repeated && !commit.append) {
        throw new SessionError('session_not_found', 'There is no such session.');
      }
      return result;
    },
  ),
  broken(
    'the times of an imported session are the present',
    imported,
    class extends MemorySessionStore {
      override create(sessionId: string, init: SessionInit = {}) {
        // But for the times of a test of pages, which are of another promise.
        const isSmall = init.imported && init.imported.createdAtMs !== 1e12;
        return super.create(sessionId, isSmall ? { ...init, imported: undefined } : init);
      }
    },
  ),
  broken(
    'a session that is there is given the times of an import',
    imported,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const metadata = await super.metadata(sessionId);
        if (!metadata || !commit.imported || metadata.messageCount > 0) {
          return super.commit(sessionId, own);
        }
        await super.delete(sessionId);
        return super.commit(sessionId, { ...own, operationId: randomUUID() });
      }
    },
  ),
];
