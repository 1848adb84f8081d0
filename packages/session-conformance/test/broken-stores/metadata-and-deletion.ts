import { checkAccess, SessionError } from '@agent-sessions/session-core';
import type {
  Commit,
  CommitResult,
  ReadQuery,
  SessionAccess,
  SessionInit,
  SessionMark,
} from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken } from './broken-store.ts';

const sums = 'The message count and the token sum are those of the messages that are there.';
const lastWrite =
  'The time of the last write moves with every commit but those beside the history, and no other time does.';
const imported =
  'A session that is created with `imported` has those times; one that exists keeps its own.';
const deleting = 'Deleting answers `true`, and `false` where there was nothing to delete.';
const knowsNothing = 'A session that is created after a deletion knows nothing of the one before.';
const listing = 'Every session that is there all the time is listed, and none that is not there.';

/** Remembers something of each session, by its epoch. */
class Remembering<T> extends MemorySessionStore {
  protected readonly notes = new Map<string, T>();

  protected async epochOf(sessionId: string): Promise<string> {
    return (await super.read(sessionId, { last: 0 })).mark?.epoch ?? '';
  }
}

export const brokenMetadata = [
  broken(
    'the metadata of what is not there is an error',
    'The metadata of a session that does not exist is `undefined`.',
    class extends MemorySessionStore {
      override async metadata(sessionId: string, access?: SessionAccess) {
        const metadata = await super.metadata(sessionId, access);
        if (!(await super.metadata(sessionId))) {
          throw new SessionError('session_not_found', 'There is no such session.');
        }
        return metadata;
      }
    },
  ),
  broken(
    'the message count does not go down',
    sums,
    class extends Remembering<number> {
      override async metadata(sessionId: string, access?: SessionAccess) {
        const metadata = await super.metadata(sessionId, access);
        if (!metadata) return undefined;
        const count = this.notes.get(await this.epochOf(sessionId)) ?? 0;
        return { ...metadata, messageCount: count };
      }
      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        const epoch = result.mark?.epoch ?? '';
        const added = result.repeated ? 0 : (commit.append?.length ?? 0);
        this.notes.set(epoch, (this.notes.get(epoch) ?? 0) + added);
        return result;
      }
    },
  ),
  broken(
    'tokens are not taken off',
    sums,
    class extends Remembering<number> {
      override async metadata(sessionId: string, access?: SessionAccess) {
        const metadata = await super.metadata(sessionId, access);
        if (!metadata) return undefined;
        const epoch = await this.epochOf(sessionId);
        const most = Math.max(this.notes.get(epoch) ?? 0, metadata.totalTokens);
        return { ...metadata, totalTokens: most };
      }
      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        const most = (await this.metadata(sessionId, commit))?.totalTokens ?? 0;
        this.notes.set(await this.epochOf(sessionId), most);
        return result;
      }
    },
  ),
  broken(
    'the time moves with appends only',
    [lastWrite, imported],
    class extends Remembering<number> {
      override async metadata(sessionId: string, access?: SessionAccess) {
        const metadata = await super.metadata(sessionId, access);
        if (!metadata) return undefined;
        const epoch = await this.epochOf(sessionId);
        return { ...metadata, updatedAtMs: this.notes.get(epoch) ?? metadata.createdAtMs };
      }
      override async commit(sessionId: string, commit: Commit) {
        const result = await super.commit(sessionId, commit);
        if (!commit.append?.length || result.repeated) return result;
        const { updatedAtMs = 0 } = (await super.metadata(sessionId)) ?? {};
        this.notes.set(result.mark?.epoch ?? '', updatedAtMs);
        return result;
      }
    },
  ),
  broken(
    'the time of creation moves',
    [
      lastWrite,
      imported,
      'The answer has the metadata of each session, and of the named values those that are asked for.',
    ],
    class extends MemorySessionStore {
      override async metadata(sessionId: string, access?: SessionAccess) {
        const metadata = await super.metadata(sessionId, access);
        return metadata && { ...metadata, createdAtMs: metadata.updatedAtMs };
      }
    },
  ),
];

export const brokenDeletion = [
  broken(
    'deleting always says that it did',
    deleting,
    class extends MemorySessionStore {
      override async delete(sessionId: string, access?: SessionAccess) {
        const deleted = await super.delete(sessionId, access);
        return deleted || access?.userId === undefined;
      }
    },
  ),
  broken(
    'operations survive a deletion',
    knowsNothing,
    class extends MemorySessionStore {
      readonly #done = new Map<string, CommitResult>();
      readonly #deleted = new Set<string>();

      override async commit(sessionId: string, commit: Commit) {
        const name = `${sessionId} ${commit.operationId}`;
        const before = this.#done.get(name);
        if (before && this.#deleted.has(sessionId)) return { ...before, repeated: true };
        const result = await super.commit(sessionId, commit);
        this.#done.set(name, result);
        return result;
      }
      override async delete(sessionId: string, access?: SessionAccess) {
        const deleted = await super.delete(sessionId, access);
        if (deleted) this.#deleted.add(sessionId);
        return deleted;
      }
    },
  ),
  broken(
    'agents survive a deletion',
    knowsNothing,
    class extends MemorySessionStore {
      readonly #agents = new Map<string, readonly string[]>();

      override async metadata(sessionId: string, access?: SessionAccess) {
        const metadata = await super.metadata(sessionId, access);
        const agents = this.#agents.get(sessionId) ?? [];
        return metadata && { ...metadata, agentsUsed: [...agents, ...metadata.agentsUsed] };
      }
      override async delete(sessionId: string, access?: SessionAccess) {
        const metadata = await super.metadata(sessionId, access);
        if (metadata) this.#agents.set(sessionId, metadata.agentsUsed);
        return super.delete(sessionId, access);
      }
    },
  ),
  broken(
    'a session that is made anew has the same epoch',
    [
      knowsNothing,
      'A mark or an epoch in `expect` of a session that is gone, or of one that had the same id before, is `session_not_found` and nothing changes.',
      'Where history did not only grow since the mark, all of it is read, and `continues` is false.',
    ],
    class extends MemorySessionStore {
      readonly #first = new Map<string, string>();

      override async create(sessionId: string, init?: SessionInit) {
        const { created, mark } = await super.create(sessionId, init);
        return { created, mark: this.#outward(sessionId, mark) };
      }
      override async commit(sessionId: string, commit: Commit) {
        const { expect } = commit;
        const inward = expect?.epoch ? await this.#inward(sessionId, expect) : expect;
        const { mark, ...rest } = await super.commit(sessionId, { ...commit, expect: inward });
        return { mark: mark && this.#outward(sessionId, mark), ...rest };
      }
      override async read(sessionId: string, query: ReadQuery = {}) {
        const since = query.since?.epoch ? await this.#inward(sessionId, query.since) : query.since;
        const { mark, ...rest } = await super.read(sessionId, { ...query, since });
        return { mark: mark && this.#outward(sessionId, mark), ...rest };
      }

      #outward(sessionId: string, mark: SessionMark): SessionMark {
        const epoch = this.#first.get(sessionId) ?? mark.epoch;
        this.#first.set(sessionId, epoch);
        return { ...mark, epoch };
      }
      async #inward<T extends { readonly epoch: string }>(sessionId: string, mark: T): Promise<T> {
        const { mark: now } = await super.read(sessionId, { last: 0 });
        const isFirst = mark.epoch === this.#first.get(sessionId);
        return isFirst && now ? { ...mark, epoch: now.epoch } : mark;
      }
    },
  ),
];

/** Knows of every session that was ever there. */
class Hoarding extends MemorySessionStore {
  protected readonly seen = new Set<string>();

  override create(sessionId: string, init?: SessionInit) {
    this.seen.add(sessionId);
    return super.create(sessionId, init);
  }
  override async commit(sessionId: string, commit: Commit) {
    const result = await super.commit(sessionId, commit);
    if (result.mark) this.seen.add(sessionId);
    return result;
  }
}

export const brokenListing = [
  broken(
    'deleted sessions are listed',
    listing,
    class extends Hoarding {
      readonly #deleted = new Set<string>();

      override async delete(sessionId: string, access?: SessionAccess) {
        const deleted = await super.delete(sessionId, access);
        if (deleted) this.#deleted.add(sessionId);
        return deleted;
      }
      override async *list(access?: SessionAccess) {
        yield* super.list(access);
        if (access === undefined) yield* this.#deleted;
      }
    },
  ),
  broken(
    'sessions that have ended are listed',
    listing,
    class extends Hoarding {
      override async delete(sessionId: string, access?: SessionAccess) {
        const deleted = await super.delete(sessionId, access);
        if (deleted) this.seen.delete(sessionId);
        return deleted;
      }
      override async *list(access?: SessionAccess) {
        yield* access === undefined ? this.seen : super.list(access);
      }
    },
  ),
  broken(
    'empty sessions are not listed',
    listing,
    class extends MemorySessionStore {
      override async *list(access?: SessionAccess) {
        for await (const id of super.list(access)) {
          if ((await super.metadata(id))?.messageCount !== 0) yield id;
        }
      }
    },
  ),
  broken(
    'only the first 500 are listed',
    listing,
    class extends MemorySessionStore {
      override async *list(access?: SessionAccess) {
        let count = 0;
        for await (const id of super.list(access)) {
          if ((count += 1) <= 500) yield id;
        }
      }
    },
  ),
  broken(
    'the sessions of everybody are listed',
    'With a `userId` only the sessions of that user are listed.',
    class extends MemorySessionStore {
      override async *list(access?: SessionAccess) {
        checkAccess(access);
        yield* super.list();
      }
    },
  ),
  broken(
    'the sessions of nobody are listed as everybody’s',
    'With a `userId` only the sessions of that user are listed.',
    class extends MemorySessionStore {
      override async *list(access?: SessionAccess) {
        yield* super.list(access);
        if (access?.userId === undefined) return;
        for await (const id of super.list()) {
          if ((await super.metadata(id))?.userId === null) yield id;
        }
      }
    },
  ),
];
