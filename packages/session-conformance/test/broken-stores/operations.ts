import { createHash, randomUUID } from 'node:crypto';

import { checkCommit, checkExpectation, SessionError } from '@agent-sessions/session-core';
import type { Commit, CommitResult } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { SharingStore } from '../sharing-store.ts';
import { broken, brokenEach, detached, type BrokenStore } from './broken-store.ts';

const repeating = 'Repeating an operation id changes nothing and answers what it answered first.';
const forgotten =
  'Repeating an operation of which it is forgotten what it dropped is `answer_forgotten` and changes nothing.';
const reusing =
  'Repeating an operation id with other content is `operation_reused` and changes nothing.';
const intent = 'With an `intent` that is what must be the same, and no other content.';
const forgetting =
  'With `forgetOperations` earlier operation ids are new again, this one is remembered.';
const knownElsewhere = 'An operation id that one store has committed is known to every other.';

/** Remembers operations under other ids than those that it was given. */
function renaming(name: string, rename: (operationId: string) => string): BrokenStore {
  return broken(
    name,
    repeating,
    class extends MemorySessionStore {
      override commit(sessionId: string, commit: Commit) {
        checkCommit(commit);
        return super.commit(sessionId, { ...commit, operationId: rename(commit.operationId) });
      }
    },
  );
}

/** Answers a repeated operation in another way than the first time. */
function answering(
  name: string,
  breaks: string | readonly string[],
  answer: (
    result: CommitResult,
    commit: Commit,
    again: (commit: Commit) => Promise<CommitResult>,
  ) => CommitResult | Promise<CommitResult>,
): BrokenStore {
  return broken(
    name,
    breaks,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        if (!result.repeated) return result;
        return answer(result, commit, (other) => super.commit(sessionId, other));
      }
    },
  );
}

export const brokenOperations = [
  answering('the dropped messages are not answered again', [repeating, forgotten], (result) => ({
    ...result,
    dropped: [],
  })),
  answering('a repeated pop pops again', [repeating, forgotten], async (result, commit, again) =>
    commit.drop === 1 && commit.returnDropped
      ? { ...(await again({ ...commit, operationId: randomUUID() })), repeated: true }
      : result,
  ),
  answering(
    'a repeated append appends again',
    [
      repeating,
      'Repeating an operation id sets no value again, and adds no usage again.',
      'The time of the last write moves with every commit but those beside the history, and no other time does.',
    ],
    async (result, commit, again) =>
      commit.append?.length
        ? { ...result, ...(await again({ ...commit, operationId: randomUUID() })), repeated: true }
        : result,
  ),
  broken(
    'a repeated one answers the newest mark',
    [repeating, forgotten],
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        const { mark } = await super.read(sessionId);
        return result.repeated ? { ...result, mark } : result;
      }
    },
  ),
  broken(
    'what was dropped and is forgotten is answered as nothing',
    forgotten,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          if (!isRefused(error, 'answer_forgotten')) throw error;
          const { mark } = await super.read(sessionId, { last: 0 });
          return { mark, revision: null, repeated: true, dropped: [] };
        }
      }
    },
  ),
  broken(
    'what is forgotten is dropped again',
    forgotten,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          if (isRefused(error, 'answer_forgotten')) {
            await super.commit(sessionId, { operationId: randomUUID(), append: [], agent: 'late' });
          }
          throw error;
        }
      }
    },
  ),
  renaming('operation ids are lower-cased', (id) => id.toLowerCase()),
  broken(
    'operations are forgotten after 100 others',
    repeating,
    class extends MemorySessionStore {
      readonly #seen = new Map<string, number>();
      #count = 0;

      override commit(sessionId: string, commit: Commit) {
        checkCommit(commit);
        this.#count += 1;
        const name = `${sessionId} ${commit.operationId}`;
        const seen = this.#seen.get(name);
        const first = seen !== undefined && this.#count - seen <= 100 ? seen : this.#count;
        this.#seen.set(name, first);
        return super.commit(sessionId, { ...commit, operationId: hash(`${name} ${first}`) });
      }
    },
  ),
  broken(
    'dropping all forgets the operations',
    repeating,
    class extends MemorySessionStore {
      override commit(sessionId: string, commit: Commit) {
        const forgetOperations = commit.forgetOperations || commit.drop === 'all';
        return super.commit(sessionId, { ...commit, forgetOperations });
      }
    },
  ),
  broken(
    'what is expected is looked at before the operation id',
    repeating,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const own = detached(commit);
        const { mark } = await super.read(sessionId, { last: 0, userId: own.userId });
        checkExpectation(sessionId, checkCommit(own).expect, mark);
        return super.commit(sessionId, own);
      }
    },
  ),
  broken(
    'the content of a repeated operation is not compared',
    reusing,
    class extends MemorySessionStore {
      readonly #first = new Map<string, Commit>();

      override async commit(sessionId: string, commit: Commit) {
        const name = `${sessionId} ${commit.operationId}`;
        try {
          const result = await super.commit(sessionId, commit);
          if (!result.repeated) this.#first.set(name, commit);
          return result;
        } catch (error) {
          const first = this.#first.get(name);
          if (!first || !isReused(error, commit, first)) throw error;
          return super.commit(sessionId, { ...first, userId: commit.userId });
        }
      }
    },
  ),
  broken(
    'only the appended text of a repeated operation is compared',
    reusing,
    class extends MemorySessionStore {
      readonly #first = new Map<string, Commit>();

      override async commit(sessionId: string, commit: Commit) {
        const name = `${sessionId} ${commit.operationId}`;
        try {
          const result = await super.commit(sessionId, commit);
          if (!result.repeated) this.#first.set(name, commit);
          return result;
        } catch (error) {
          const first = this.#first.get(name);
          if (!first || !isReused(error, commit, first)) throw error;
          if (textOf(first) !== textOf(commit)) throw error;
          return super.commit(sessionId, { ...first, userId: commit.userId });
        }
      }
    },
  ),
  broken(
    'a commit that used an operation id again is done',
    reusing,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          if (isReused(error, commit) && commit.expect === undefined) {
            await super.commit(sessionId, { ...commit, operationId: randomUUID() });
          }
          throw error;
        }
      }
    },
  ),
  broken(
    'an intent is ignored',
    intent,
    class extends MemorySessionStore {
      override commit(sessionId: string, commit: Commit) {
        checkCommit(commit);
        return super.commit(sessionId, { ...commit, intent: undefined });
      }
    },
  ),
  broken(
    'an intent is compared together with the content',
    intent,
    class extends MemorySessionStore {
      override commit(sessionId: string, commit: Commit) {
        checkCommit(commit);
        if (commit.intent === undefined) return super.commit(sessionId, commit);
        const content = JSON.stringify([commit.drop, commit.append]);
        return super.commit(sessionId, { ...commit, intent: [commit.intent, content] });
      }
    },
  ),
  broken(
    'an intent that looks like nothing is none',
    intent,
    class extends MemorySessionStore {
      override commit(sessionId: string, commit: Commit) {
        return super.commit(sessionId, { ...commit, intent: commit.intent || undefined });
      }
    },
  ),
  broken(
    'an operation id that met a conflict is used',
    'An operation id that was refused was not used.',
    class extends MemorySessionStore {
      readonly #refused = new Map<string, unknown>();

      override async commit(sessionId: string, commit: Commit) {
        const before = this.#refused.get(`${sessionId} ${commit.operationId}`);
        if (before && (await super.metadata(sessionId))) throw before;
        try {
          return await super.commit(sessionId, commit);
        } catch (error) {
          if (isRefused(error, 'conflict')) {
            this.#refused.set(`${sessionId} ${commit.operationId}`, error);
          }
          throw error;
        }
      }
    },
  ),
  broken(
    'operations are never forgotten',
    forgetting,
    class extends MemorySessionStore {
      override commit(sessionId: string, commit: Commit) {
        return super.commit(sessionId, { ...commit, forgetOperations: false });
      }
    },
  ),
  broken(
    'a commit that forgets operations forgets itself',
    forgetting,
    class extends MemorySessionStore {
      override commit(sessionId: string, commit: Commit) {
        if (!commit.forgetOperations) return super.commit(sessionId, commit);
        checkCommit(commit);
        return super.commit(sessionId, { ...commit, operationId: randomUUID() });
      }
    },
  ),
  brokenEach(
    'operations are known to the store that did them only',
    [repeating, knownElsewhere],
    class extends SharingStore {
      readonly #name = randomUUID();

      override async commit(sessionId: string, commit: Commit) {
        checkCommit(commit);
        const operationId = hash(`${this.#name} ${commit.operationId}`);
        return super.commit(sessionId, { ...commit, operationId });
      }
    },
  ),
];

/** An intent is another promise. */
function isReused(error: unknown, ...commits: readonly Commit[]): boolean {
  return (
    isRefused(error, 'operation_reused') && commits.every((commit) => commit.intent === undefined)
  );
}

function isRefused(error: unknown, code: string): boolean {
  return error instanceof SessionError && error.code === code;
}

function textOf({ append }: Commit): string {
  return JSON.stringify(append?.map(({ content }) => content) ?? null);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
