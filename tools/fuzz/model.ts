import type {
  Commit,
  CommitResult,
  CreateResult,
  ReadResult,
  SessionErrorCode,
  SessionMark,
  SessionMetadata,
} from '@agent-sessions/session-core';

import { type Between, Difference, exactly, same } from './difference.ts';
import {
  contentOf,
  learnMessages,
  modelMessage,
  type ModelOperation,
  ModelSession,
} from './model-session.ts';
import type { FuzzedMessage, Kind } from './operation.ts';

/** Who asks for what through which store. */
export interface Asked {
  readonly keyPrefix: string;
  readonly maxMessages: number | undefined;
  readonly sessionId: string;
  readonly userId?: string | undefined;
  readonly aborted?: true | undefined;
}

/** What a call may come to. */
export interface Verdict<Answer> {
  /** The codes of errors that are right. */
  readonly refusals: readonly SessionErrorCode[];
  /**
   * Holds the answer against what is right and takes over what the store made up.
   *
   * @throws Difference
   */
  readonly accept?: (answer: Answer, span: Between) => void;
}

export type ModelCommit = Omit<Commit, 'append' | 'signal' | 'userId'> & {
  readonly append?: readonly FuzzedMessage[] | undefined;
};

/** So many operation ids a session remembers at least. */
const remembered = 1000;

/**
 * The contract once more, written from its sentences and sharing nothing with a driver: what is at
 * every key, and what every call on it may come to.
 */
export class Model {
  /** Of keys: a session, or something that is none, as text. */
  readonly documents = new Map<string, ModelSession | string>();
  readonly #epochs = new Map<string, Set<string>>();

  create(asked: Asked, ttlMs: number | undefined): Verdict<CreateResult> {
    const { refusals, session } = this.#find(asked, ['session_not_found']);
    if (refusals.length > 0) return { refusals };
    return {
      refusals,
      accept: ({ created, mark }, span) => {
        same(created, session === undefined, 'created');
        (session ?? this.#begin(asked, ttlMs, span)).learnMark(mark);
      },
    };
  }

  commit(asked: Asked, commit: ModelCommit): Verdict<CommitResult> {
    const { refusals, session } = this.#find(asked, ['session_not_found']);
    if (refusals.length > 0) return { refusals };
    const known = session?.operations.get(commit.operationId);
    if (!session || !known) return this.#newCommit(asked, commit, session);
    const isSame = known.content === contentOf(commit);
    const repetition: Verdict<CommitResult> = isSame
      ? { refusals, accept: (answer) => acceptRepeated(answer, known) }
      : { refusals: ['operation_reused'] };
    if (session.revision - known.revision < remembered) return repetition;
    // It may be remembered, and it may be forgotten.
    const first = this.#newCommit(asked, commit, session);
    return {
      refusals: [...repetition.refusals, ...first.refusals],
      accept: (answer, span) => {
        const accept = answer.repeated ? repetition.accept : first.accept;
        if (!accept) throw new Difference('the commit was not refused');
        accept(answer, span);
      },
    };
  }

  #newCommit(
    asked: Asked,
    commit: ModelCommit,
    session: ModelSession | undefined,
  ): Verdict<CommitResult> {
    const { append, drop = 0 } = commit;
    const refusal = refusalOf(commit.expect, session);
    if (refusal) return { refusals: [refusal] };
    if (!session && !append) {
      const nothing = { mark: null, revision: null, repeated: false, dropped: [] };
      return { refusals: [], accept: (answer) => same(answer, nothing, 'the answer') };
    }
    const length = session?.messages.length ?? 0;
    const kept = drop === 'all' ? 0 : Math.max(length - drop, 0);
    const longer = kept + (append?.length ?? 0);
    if (longer > length && longer > (asked.maxMessages ?? Infinity)) {
      return { refusals: ['session_full'] };
    }
    return {
      refusals: [],
      accept: (answer, span) => {
        const changed = session ?? this.#begin(asked, undefined, span);
        const added = append?.map((message) => modelMessage(message, span)) ?? [];
        const dropped = changed.messages.slice(kept);
        changed.messages = [...changed.messages.slice(0, kept), ...added];
        if (dropped.length > 0) changed.moveGeneration();
        changed.isOurs = true;
        changed.updatedAt = span;
        changed.revision += 1;
        if (commit.agent !== undefined) changed.useAgent(commit.agent);
        if (commit.ttlMs !== undefined) changed.ttlMs = commit.ttlMs;
        slide(changed, span);
        same(answer.repeated, false, 'repeated');
        const { mark } = answer;
        changed.learnMark(mark);
        learnMessages(answer.dropped, commit.returnDropped === true ? dropped : [], 'dropped');
        if (commit.forgetOperations === true) changed.operations.clear();
        if (mark === null) return;
        const operation = { mark, dropped: answer.dropped, content: contentOf(commit) };
        changed.operations.set(commit.operationId, { ...operation, revision: changed.revision });
      },
    };
  }

  read(
    asked: Asked,
    {
      last,
      role,
      since,
    }: { last?: number | undefined; role?: string | undefined; since?: SessionMark | undefined },
  ): Verdict<ReadResult> {
    const { refusals, session, mayBeNone } = this.#find(asked);
    if (refusals.length > 0 && !mayBeNone) return { refusals };
    if (!session) {
      const nothing = { messages: [], mark: null, continues: false, first: null, skipped: [] };
      return { refusals, accept: (answer) => same(answer, nothing, 'the answer') };
    }
    return {
      refusals,
      accept: ({ messages, mark, continues }) => {
        session.learnMark(mark);
        const isAfter = since !== undefined && session.isAfter(since);
        same(continues, isAfter, 'continues');
        const all = session.messages.slice(isAfter ? since.length : 0);
        const wanted = role === undefined ? all : all.filter((each) => each.role === role);
        const newest = Math.max(0, last ?? wanted.length);
        learnMessages(messages, wanted.slice(Math.max(wanted.length - newest, 0)), 'messages');
      },
    };
  }

  metadata(asked: Asked): Verdict<SessionMetadata | undefined> {
    const { refusals, session, mayBeNone } = this.#find(asked);
    if (refusals.length > 0 && !mayBeNone) return { refusals };
    if (session) return { refusals, accept: (answer) => session.learnMetadata(answer) };
    return { refusals, accept: (answer) => same(answer, undefined, 'metadata') };
  }

  delete(asked: Asked): Verdict<boolean> {
    const { refusals, session, mayBeNone } = this.#find(asked);
    if (refusals.length > 0 && !mayBeNone) return { refusals };
    return {
      refusals,
      accept: (answer) => {
        same(answer, session !== undefined, 'deleted');
        if (session) this.documents.delete(keyOf(asked));
      },
    };
  }

  list({ keyPrefix, userId, aborted }: Omit<Asked, 'sessionId'>): Verdict<readonly string[]> {
    if (aborted) return { refusals: ['aborted'] };
    return {
      refusals: [],
      accept: (answer) => {
        const wanted: string[] = [];
        const allowed = new Set<string>();
        for (const [key, document] of this.documents) {
          if (typeof document === 'string' || key !== keyPrefix + document.sessionId) continue;
          if (!document.isOf(userId)) continue;
          if (document.isNewer) allowed.add(document.sessionId);
          else wanted.push(document.sessionId);
        }
        const listed = [...new Set(answer)].filter((sessionId) => !allowed.has(sessionId));
        same(listed.toSorted(), wanted.toSorted(), 'the list');
      },
    };
  }

  /** What Python's method does to the document that is there, if it does anything. */
  python(
    asked: Asked,
    call: Kind<'python'>['call'],
    { id, seconds, span }: { id: string; seconds: number; span: Between },
  ): void {
    const key = keyOf(asked);
    const before = this.documents.get(key);
    const now = exactly(Math.round(seconds * 1000));
    if (call.method === 'delete') this.documents.delete(key);
    if (call.method === 'create') {
      const { userId, ttlSeconds } = call;
      const { sessionId } = asked;
      const created = new ModelSession(
        { sessionId, userId, isOurs: false },
        now,
        this.#epochsOf(key),
      );
      // Redis keeps the expiry of what is overwritten.
      if (before instanceof ModelSession) created.expiresAt = before.expiresAt;
      this.documents.set(key, created);
      if (ttlSeconds) created.expiresAt = after(span, ttlSeconds * 1000);
    }
    if (!(before instanceof ModelSession)) return;
    switch (call.method) {
      case 'add_message': {
        const { role, content, agent = null, tokens = null, ttlSeconds } = call;
        before.messages.push({ id, role, content, agent, tokens, item: undefined, timestamp: now });
        if (call.halfDone) return;
        if (ttlSeconds) before.expiresAt = after(span, ttlSeconds * 1000);
        break;
      }
      case 'track_agent':
        before.useAgent(call.agent);
        break;
      case 'clear':
        before.messages = [];
        break;
      default:
        return;
    }
    before.updatedAt = now;
  }

  #find(
    asked: Asked,
    forStrangers: readonly SessionErrorCode[] = [],
  ): {
    readonly refusals: readonly SessionErrorCode[];
    readonly session?: ModelSession;
    /** Instead of being refused, the call may find no session. */
    readonly mayBeNone?: boolean;
  } {
    if (asked.aborted) return { refusals: ['aborted'] };
    const document = this.documents.get(keyOf(asked));
    if (document === undefined) return { refusals: [] };
    if (typeof document === 'string' || document.sessionId !== asked.sessionId) {
      return { refusals: ['not_a_session'] };
    }
    const isStranger = !document.isOf(asked.userId);
    if (document.isNewer) {
      // Which of the two is looked at first is not said.
      const refusals = ['unsupported_schema', ...(isStranger ? forStrangers : [])] as const;
      return { refusals, mayBeNone: isStranger && forStrangers.length === 0 };
    }
    return isStranger ? { refusals: forStrangers } : { refusals: [], session: document };
  }

  #begin(asked: Asked, ttlMs: number | undefined, span: Between): ModelSession {
    const { sessionId, userId = null } = asked;
    const key = keyOf(asked);
    const session = new ModelSession(
      { sessionId, userId, isOurs: true },
      span,
      this.#epochsOf(key),
    );
    session.ttlMs = ttlMs ?? null;
    slide(session, span);
    this.documents.set(key, session);
    return session;
  }

  #epochsOf(key: string): Set<string> {
    const epochs = this.#epochs.get(key) ?? new Set();
    this.#epochs.set(key, epochs);
    return epochs;
  }
}

export function keyOf({ keyPrefix, sessionId }: Pick<Asked, 'keyPrefix' | 'sessionId'>): string {
  return keyPrefix + sessionId;
}

function acceptRepeated(answer: CommitResult, { mark, dropped }: ModelOperation): void {
  const { revision: _, ...rest } = answer;
  same(rest, { mark, repeated: true, dropped }, 'the repeated answer');
}

function refusalOf(
  expect: ModelCommit['expect'],
  session: ModelSession | undefined,
): SessionErrorCode | undefined {
  if (expect === undefined) return undefined;
  if (expect === null) return session && 'conflict';
  if (!session?.hasEpoch(expect.epoch)) return 'session_not_found';
  return 'generation' in expect && !session.isAt(expect) ? 'conflict' : undefined;
}

/** A write slides the expiry of a session that has a TTL. */
function slide(session: ModelSession, span: Between): void {
  if (session.ttlMs !== null) session.expiresAt = after(span, session.ttlMs);
}

function after({ fromMs, toMs }: Between, ttlMs: number): Between {
  return { fromMs: fromMs + ttlMs - 1, toMs: toMs + ttlMs + 1 };
}
