import { setImmediate as turn } from 'node:timers/promises';

import { checkCommit } from '@agent-sessions/session-core';
import type { Commit } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken, detached } from './broken-store.ts';

const whole = 'A commit is applied as a whole or not at all, and what it adds stays together.';
const together = 'Commits at the same time are all applied, one after the other.';
const returned =
  'With `returnDropped` the answer has the dropped messages in order, otherwise none.';
const leavesNothing =
  'A commit without `append` to a session that does not exist answers a mark of `null` and leaves nothing behind.';

export const brokenCommit = [
  broken(
    'a large batch is added in two steps',
    whole,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const { append, operationId } = commit;
        if (!Array.isArray(append) || append.length < 5) return super.commit(sessionId, commit);
        checkCommit(commit);
        const half = Math.floor(append.length / 2);
        const first = { ...commit, append: commit.append?.slice(0, half) };
        const { dropped, repeated } = await super.commit(sessionId, first);
        await turn();
        const rest = { operationId: `${operationId} 2`, append: commit.append?.slice(half) };
        return { ...(await super.commit(sessionId, rest)), dropped, repeated };
      }
    },
  ),
  broken(
    'a tail is dropped in one step and replaced in another',
    whole,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const { append, operationId } = commit;
        if (commit.drop !== 2 || append?.length !== 2) return super.commit(sessionId, commit);
        await super.commit(sessionId, { ...commit, append: [] });
        await turn();
        return super.commit(sessionId, { operationId: `${operationId} 2`, append });
      }
    },
  ),
  broken(
    'two pops at the same time answer the same message',
    together,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const isPop = commit.drop === 1 && commit.returnDropped && !commit.append;
        if (!isPop) return super.commit(sessionId, commit);
        const { messages } = await super.read(sessionId, { last: 1 });
        await turn();
        const result = await super.commit(sessionId, commit);
        return result.repeated ? result : { ...result, dropped: messages };
      }
    },
  ),
  broken(
    'an append gets lost beside another',
    together,
    class extends MemorySessionStore {
      readonly #busy = new Map<string, string>();

      override async commit(sessionId: string, commit: Commit) {
        const { append, expect, operationId } = commit;
        const isPlain = append?.length === 1 && expect === undefined;
        const other = this.#busy.get(sessionId);
        if (isPlain && other !== undefined && other !== operationId) {
          checkCommit(commit);
          const { mark } = await super.read(sessionId, { last: 0 });
          return { mark, revision: null, repeated: false, dropped: [] };
        }
        const own = detached(commit);
        this.#busy.set(sessionId, operationId);
        await turn();
        this.#busy.delete(sessionId);
        return super.commit(sessionId, own);
      }
    },
  ),
  broken(
    'the oldest messages are dropped',
    'The tail that is dropped is the newest messages.',
    class extends MemorySessionStore {
      readonly #rewritten = new Map<string, Commit>();

      override async commit(sessionId: string, commit: Commit) {
        const { drop, append = [], returnDropped, operationId } = commit;
        if (typeof drop !== 'number' || !(drop > 0) || returnDropped) {
          return super.commit(sessionId, commit);
        }
        const name = [sessionId, operationId, checkCommit(commit).fingerprint].join(' ');
        const { messages } = await super.read(sessionId);
        if (drop >= messages.length && !this.#rewritten.has(name)) {
          return super.commit(sessionId, commit);
        }
        const kept = messages.slice(drop);
        const rewritten: Commit = { ...commit, drop: 'all', append: [...kept, ...append] };
        const first = this.#rewritten.get(name) ?? rewritten;
        const result = await super.commit(sessionId, { ...first, expect: commit.expect });
        this.#rewritten.set(name, first);
        return result;
      }
    },
  ),
  broken(
    'dropping more than there is drops nothing',
    'Dropping more than there is drops what there is.',
    class extends MemorySessionStore {
      readonly #done = new Set<string>();

      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const name = `${sessionId} ${commit.operationId}`;
        const { mark } = await super.read(sessionId, { last: 0 });
        const isTooMuch = typeof own.drop === 'number' && own.drop > (mark?.length ?? own.drop);
        const drop = isTooMuch && !this.#done.has(name) ? 0 : own.drop;
        const result = await super.commit(sessionId, { ...own, drop });
        this.#done.add(name);
        return result;
      }
    },
  ),
  broken(
    'the dropped messages are answered newest first',
    returned,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        return { ...result, dropped: result.dropped.toReversed() };
      }
    },
  ),
  broken(
    'the dropped messages are always answered',
    [
      returned,
      'Repeating an operation of which it is forgotten what it dropped is `answer_forgotten` and changes nothing.',
    ],
    class extends MemorySessionStore {
      override commit(sessionId: string, commit: Commit) {
        return super.commit(sessionId, { ...commit, returnDropped: true });
      }
    },
  ),
  broken(
    'an append of nothing makes no session',
    'A commit with `append`, even of nothing, creates a session that does not exist.',
    class extends MemorySessionStore {
      override commit(sessionId: string, commit: Commit) {
        if (commit.append?.length !== 0) return super.commit(sessionId, commit);
        checkCommit(commit);
        return super.commit(sessionId, { ...commit, append: undefined });
      }
    },
  ),
  broken(
    'a drop makes a session',
    leavesNothing,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        if (result.mark || commit.drop === undefined) return result;
        return super.commit(sessionId, { ...commit, append: [] });
      }
    },
  ),
  broken(
    'a drop from nothing is remembered',
    leavesNothing,
    class extends MemorySessionStore {
      readonly #known = new Set<string>();

      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        if (result.mark) return result;
        const repeated = this.#known.has(commit.operationId);
        this.#known.add(commit.operationId);
        return { ...result, repeated };
      }
    },
  ),
  broken(
    'the first agent stays the current one',
    'The `agent` becomes the current one and joins the agents used, once.',
    class extends MemorySessionStore {
      override async metadata(sessionId: string, access?: { readonly userId?: string }) {
        const metadata = await super.metadata(sessionId, access);
        return metadata && { ...metadata, currentAgent: metadata.agentsUsed[0] ?? null };
      }
    },
  ),
  broken(
    'an agent is listed twice',
    [
      'The `agent` becomes the current one and joins the agents used, once.',
      'The answer has the metadata of each session, and of the named values those that are asked for.',
    ],
    class extends MemorySessionStore {
      override async metadata(sessionId: string, access?: { readonly userId?: string }) {
        const metadata = await super.metadata(sessionId, access);
        if (!metadata?.currentAgent) return metadata;
        return { ...metadata, agentsUsed: [...metadata.agentsUsed, metadata.currentAgent] };
      }
    },
  ),
  broken(
    'the agent of a message becomes the current one',
    'The `agent` becomes the current one and joins the agents used, once.',
    class extends MemorySessionStore {
      override async metadata(sessionId: string, access?: { readonly userId?: string }) {
        const metadata = await super.metadata(sessionId, access);
        const speaker = (await super.read(sessionId, { last: 1 })).messages[0]?.agent;
        return metadata && speaker ? { ...metadata, currentAgent: speaker } : metadata;
      }
    },
  ),
];
