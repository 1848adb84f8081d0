import { roles, type SessionMark } from '@agent-sessions/session-core';

import type { ModelCommit } from './model.ts';
import type { FuzzedMessage, Kind, MarkName } from './operation.ts';
import { tolerated } from './tolerated.ts';

/** What operations refer back to: the marks that were answered and the commits that were made. */
export class Past {
  readonly #marks = new Map<string, SessionMark[]>();
  readonly #commits = new Map<string, ModelCommit[]>();

  sawMark(key: string, mark: SessionMark): void {
    this.#marks.set(key, [mark, ...(this.#marks.get(key) ?? []).slice(0, 50)]);
  }

  /** The mark that an operation names; one of no session where none has been seen. */
  mark(key: string, { back, forged }: MarkName): SessionMark {
    const marks = this.#marks.get(key) ?? [];
    const mark = marks[back % (marks.length || 1)] ?? noMark;
    return forged === undefined ? mark : forgeries[forged](mark);
  }

  /** What an operation commits; `undefined` where there is nothing to repeat. */
  commit(key: string, operation: Kind<'commit'> | Kind<'repeat'>): ModelCommit | undefined {
    const commits = this.#commits.get(key) ?? [];
    if (operation.kind === 'repeat') {
      const { back, change, expecting } = operation;
      const first = commits[back % (commits.length || 1)];
      if (!first) return undefined;
      const again = change === undefined ? first : changed[change](first);
      return expecting ? again : { ...again, expect: undefined };
    }
    const commit = { ...commitOf(operation), expect: this.#expectation(key, operation.expect) };
    this.#commits.set(key, [commit, ...commits.slice(0, 50)]);
    return commit;
  }

  #expectation(key: string, expect: Kind<'commit'>['expect']): ModelCommit['expect'] {
    if (expect === undefined || expect === null) return expect;
    if ('back' in expect) return this.mark(key, expect);
    return { epoch: this.mark(key, { back: expect.epochOf }).epoch };
  }
}

const forgeries: Record<NonNullable<MarkName['forged']>, (mark: SessionMark) => SessionMark> = {
  epoch: ({ epoch, ...rest }) => ({ ...rest, epoch: `${epoch.slice(0, -1)}x` }),
  generation: ({ generation, ...rest }) => ({ ...rest, generation: generation + 1 }),
  length: ({ length, ...rest }) => ({ ...rest, length: length + 1 }),
  lastId: ({ lastId, ...rest }) => ({ ...rest, lastId: `${lastId}x` }),
};

const noMark: SessionMark = { epoch: 'none', generation: 0, length: 0, lastId: null };

function commitOf(operation: Kind<'commit'>): Omit<ModelCommit, 'expect'> {
  const { operationId, intent, drop, append, returnDropped, forgetOperations, agent, ttlMs } =
    operation;
  return { operationId, intent, drop, append, returnDropped, forgetOperations, agent, ttlMs };
}

type Change = NonNullable<Kind<'repeat'>['change']>;

/** Other content under the same operation id. */
const changed: Record<Change, (commit: ModelCommit) => ModelCommit> = {
  role: inFirst(({ role, ...rest }) => ({
    ...rest,
    role: roles[(roles.indexOf(role) + 1) % roles.length] ?? role,
  })),
  content: inFirst((message) => {
    if (tolerated.otherContentBesideItem && message.item) return message;
    return { ...message, content: [message.content ?? 'other'] };
  }),
  tokens: inFirst(({ tokens, ...rest }) => ({ ...rest, tokens: ((tokens ?? 0) % 100) + 1 })),
  by: inFirst(({ agent, ...rest }) => ({ ...rest, agent: agent === 'x' ? null : 'x' })),
  drop: (commit) => ({ ...commit, drop: typeof commit.drop === 'number' ? commit.drop + 1 : 1 }),
  agent: (commit) => ({ ...commit, agent: commit.agent === undefined ? 'x' : undefined }),
  flags: (commit) => ({ ...commit, returnDropped: !commit.returnDropped }),
  more: (commit) => ({
    ...commit,
    append: [...(commit.append ?? []), { role: 'user', content: 'more' }],
  }),
  order: (commit) => ({ ...commit, append: commit.append?.toReversed() }),
};

function inFirst(
  change: (message: FuzzedMessage) => FuzzedMessage,
): (commit: ModelCommit) => ModelCommit {
  return (commit) => {
    const [first, ...others] = commit.append ?? [];
    return first ? { ...commit, append: [change(first), ...others] } : commit;
  };
}
