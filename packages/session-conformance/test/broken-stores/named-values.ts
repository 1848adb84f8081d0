import { randomUUID } from 'node:crypto';

import { checkCommit, SessionError } from '@agent-sessions/session-core';
import type {
  Commit,
  CommitResult,
  JsonObject,
  JsonValue,
  SessionAccess,
  SessionInit,
  StateQuery,
  StateValue,
} from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken, type BrokenStore } from './broken-store.ts';

const whole =
  'A value is set whole, and comes back deep-equal to what was given, key order included.';
const removed = 'A value of `null` is removed, and values that are not named stay.';
const compared =
  'A revision in `expectState` that a value does not have is a `conflict` and nothing changes.';
const together = 'Values and messages of one commit are there together or not at all.';
const once = 'Repeating an operation id sets no value again, and adds no usage again.';
const answered = 'The answer has the revision that the values set by the commit have.';
const staying = 'Dropping and adding messages leaves values and usage as they are.';
const notUsed = 'An operation id that was refused was not used.';
const reusing =
  'Repeating an operation id with other content is `operation_reused` and changes nothing.';
const shown =
  'The answer has the metadata of each session, and of the named values those that are asked for.';
const named = 'With `names` only those values are read, and those that are not there are left out.';

type Values = Readonly<Record<string, StateValue>>;

/** Commits in another way, after what is bad was refused. */
export function committing(
  name: string,
  breaks: string | readonly string[],
  instead: (
    commit: Commit,
    apply: (other: Commit) => Promise<CommitResult>,
    values: () => Promise<Values>,
  ) => Promise<CommitResult>,
): BrokenStore {
  return broken(
    name,
    breaks,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        checkCommit(commit);
        const state = structuredClone(commit.state);
        return instead(
          { ...commit, state },
          (other) => super.commit(sessionId, other),
          () => super.state(sessionId),
        );
      }
    },
  );
}

/** Answers other values than those that were set. */
function answering(
  name: string,
  breaks: string,
  instead: (values: Values, query: StateQuery | undefined) => Values,
): BrokenStore {
  return broken(
    name,
    breaks,
    class extends MemorySessionStore {
      override async state(sessionId: string, query?: StateQuery) {
        return instead(await super.state(sessionId, query), query);
      }
    },
  );
}

function isConflict(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'conflict';
}

export const brokenValues = [
  committing('objects are merged into those before', whole, (commit, apply, values) => {
    if (!commit.state) return apply(commit);
    return values().then((before) => {
      const merged = Object.entries(commit.state ?? {}).map(([name, value]) => {
        const old = before[name]?.value;
        return [
          name,
          isObject(value) && isObject(old) ? Object.assign({}, old, value) : value,
        ] as const;
      });
      // What stands for the content is what was given.
      const intent = commit.intent ?? checkCommit(commit).fingerprint;
      return apply({ ...commit, state: Object.fromEntries(merged), intent });
    });
  }),
  answering('the members of values are sorted', whole, (values) => {
    const sorted = Object.entries(values).map(
      ([name, { value, revision }]): [string, StateValue] => {
        if (!isObject(value)) return [name, { value, revision }];
        const members = Object.entries<JsonValue>(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
        return [name, { value: Object.fromEntries(members), revision }];
      },
    );
    return Object.fromEntries<StateValue>(sorted);
  }),
  committing('what is null stays', [removed, compared, shown], (commit, apply) => {
    const kept = Object.entries(commit.state ?? {}).filter(([, value]) => value !== null);
    const intent = commit.intent ?? checkCommit(commit).fingerprint;
    const state = commit.state && Object.fromEntries(kept);
    const usage = commit.usage ?? (state && {});
    return apply({ ...commit, state, usage, intent });
  }),
  committing('values that are not named go', [removed, compared], async (commit, apply, values) => {
    if (!commit.state || commit.expectState) return apply(commit);
    const others = Object.keys(await values()).map((name) => [name, null] as const);
    const intent = commit.intent ?? checkCommit(commit).fingerprint;
    return apply({ ...commit, state: { ...Object.fromEntries(others), ...commit.state }, intent });
  }),
  committing('revisions are not compared', [compared, notUsed], (commit, apply) =>
    apply({ ...commit, expectState: undefined }),
  ),
  committing('only the revisions of what is set are compared', compared, (commit, apply) => {
    const set = Object.entries(commit.expectState ?? {}).filter(
      ([name]) => commit.state && Object.hasOwn(commit.state, name),
    );
    return apply({ ...commit, expectState: Object.fromEntries(set) });
  }),
  committing('no value is taken for any', [compared, notUsed], (commit, apply) => {
    const set = Object.entries(commit.expectState ?? {}).filter(
      ([, revision]) => revision !== null,
    );
    return apply({ ...commit, expectState: Object.fromEntries(set) });
  }),
  committing('messages are added though a value has changed', compared, async (commit, apply) => {
    try {
      return await apply(commit);
    } catch (error) {
      if (isConflict(error) && commit.expectState && commit.append?.length) {
        const operationId = randomUUID();
        await apply({ operationId, append: commit.append, expect: commit.expect });
      }
      throw error;
    }
  }),
  committing('values are set though history has moved on', together, async (commit, apply) => {
    try {
      return await apply(commit);
    } catch (error) {
      if (isConflict(error) && commit.state && commit.expect) {
        await apply({ operationId: randomUUID(), state: commit.state });
      }
      throw error;
    }
  }),
  committing('values are set before their messages', [together, once], async (commit, apply) => {
    const { state, append } = commit;
    if (state && append?.length && !commit.expectState && !commit.intent) {
      const { mark } = await apply({ operationId: randomUUID(), userId: commit.userId, state });
      if (mark) await new Promise(setImmediate);
    }
    return apply(commit);
  }),
  committing('a repeated commit sets its values again', once, async (commit, apply) => {
    const result = await apply(commit);
    if (result.repeated && commit.state) {
      await apply({ operationId: randomUUID(), state: commit.state });
    }
    return result;
  }),
  committing('a repeated commit adds its usage again', once, async (commit, apply) => {
    const result = await apply(commit);
    if (result.repeated && commit.usage) {
      await apply({ operationId: randomUUID(), usage: commit.usage });
    }
    return result;
  }),
  committing('values do not count as content', reusing, (commit, apply) => {
    const { fingerprint } = checkCommit({ ...commit, state: undefined, usage: undefined });
    return apply({ ...commit, intent: fingerprint });
  }),
  committing('the revision answered is that before', answered, async (commit, apply) => {
    const result = await apply(commit);
    return { ...result, revision: result.revision && result.revision - 1 };
  }),
  committing('dropping all drops the values', staying, async (commit, apply, values) => {
    const result = await apply(commit);
    if (commit.drop === 'all') {
      const state = Object.fromEntries(Object.keys(await values()).map((name) => [name, null]));
      await apply({ operationId: randomUUID(), state });
    }
    return result;
  }),
  broken(
    'all values are read whatever is asked for',
    named,
    class extends MemorySessionStore {
      override async state(sessionId: string, query: StateQuery = {}) {
        await super.state(sessionId, query);
        return super.state(sessionId, { ...query, names: undefined });
      }
    },
  ),
  answering('what is not there reads as null', named, (values, query) => {
    const isEmpty = Object.keys(values).length === 0;
    const asked = isEmpty ? [] : (query?.names ?? []);
    const missing = asked.filter((name) => !Object.hasOwn(values, name));
    const nothing = missing.map((name) => [name, { value: null, revision: 0 }] as const);
    return { ...values, ...Object.fromEntries(nothing) };
  }),
  broken(
    'the values of what is not there are an error',
    'A session that does not exist has no values.',
    class extends MemorySessionStore {
      override async state(sessionId: string, query?: StateQuery) {
        const values = await super.state(sessionId, query);
        if (await super.metadata(sessionId)) return values;
        throw new SessionError('session_not_found', 'There is no such session.');
      }
    },
  ),
  broken(
    'values survive a deletion',
    'A deleted session has no values and no usage, and is on no page.',
    class extends MemorySessionStore {
      readonly #left = new Map<string, Values>();

      override async create(sessionId: string, init?: SessionInit) {
        const result = await super.create(sessionId, init);
        if (result.created) await this.#restore(sessionId);
        return result;
      }
      override async commit(sessionId: string, commit: Commit) {
        checkCommit(commit);
        if (commit.append && this.#left.has(sessionId)) {
          await super.create(sessionId, { userId: commit.userId });
          await this.#restore(sessionId);
        }
        return super.commit(sessionId, commit);
      }
      override async delete(sessionId: string, access?: SessionAccess) {
        const values = await super.state(sessionId);
        const isDeleted = await super.delete(sessionId, access);
        if (isDeleted && Object.keys(values).length > 0) this.#left.set(sessionId, values);
        return isDeleted;
      }

      async #restore(sessionId: string): Promise<void> {
        const values = Object.entries(this.#left.get(sessionId) ?? {});
        if (!this.#left.delete(sessionId)) return;
        const state = Object.fromEntries(values.map(([name, { value }]) => [name, value]));
        await super.commit(sessionId, { operationId: randomUUID(), state });
      }
    },
  ),
  broken(
    'the values of another user are read',
    'With a `userId`, a session of another user is not found, and never changed or deleted.',
    class extends MemorySessionStore {
      override async state(sessionId: string, query: StateQuery = {}) {
        await super.state(sessionId, query);
        return super.state(sessionId, { ...query, userId: undefined });
      }
    },
  ),
];

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
