import {
  checkAccess,
  checkCommit,
  checkExpectation,
  checkInit,
  checkQuery,
  checkSessionId,
  operationReused,
  parseMessage,
  SessionError,
  sessionNotFound,
  stringifyMessage,
} from '@agent-sessions/session-core';
import type {
  CheckedCommit,
  CheckedInit,
  Commit,
  CommitResult,
  CreateResult,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionInit,
  SessionMark,
  SessionMetadata,
  SessionStore,
  SessionStoreCapabilities,
} from '@agent-sessions/session-core';

interface Session {
  readonly epoch: string;
  readonly userId: string | undefined;
  readonly createdAtMs: number;
  updatedAtMs: number;
  ttlMs: number | undefined;
  /** Counts all commits. */
  revision: number;
  /** The revision at which history last changed in another way than by growing. */
  generation: number;
  currentAgent: string | null;
  readonly agentsUsed: string[];
  /** JSON text, so that what would not survive a database does not survive here either. */
  readonly messages: string[];
  readonly operations: Map<string, Operation>;
}

interface Operation {
  readonly fingerprint: string;
  readonly mark: SessionMark;
  readonly dropped: readonly string[];
}

/**
 * The reference driver: sessions in the memory of this process, for tests and trials. Sessions end
 * with the store.
 */
export class MemorySessionStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities = {
    durable: false,
    sharedWriters: false,
    expiry: true,
  };
  readonly #sessions = new Map<string, Session>();
  #closed = false;

  async create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    const checked = checkInit(init);
    const existing = this.#find(checkSessionId(sessionId));
    if (!existing) return { created: true, mark: markOf(this.#begin(sessionId, checked)) };
    if (!belongsTo(checked.userId, existing)) throw sessionNotFound(sessionId);
    return { created: false, mark: markOf(existing) };
  }

  async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    const checked = checkCommit(commit);
    const existing = this.#find(checkSessionId(sessionId));
    if (existing && !belongsTo(checked.userId, existing)) throw sessionNotFound(sessionId);

    const operation = existing?.operations.get(checked.operationId);
    if (operation) {
      if (operation.fingerprint !== checked.fingerprint) {
        throw operationReused(sessionId, checked.operationId);
      }
      const dropped = operation.dropped.map(parseMessage);
      return { mark: operation.mark, repeated: true, dropped };
    }
    checkExpectation(sessionId, checked.expect, existing ? markOf(existing) : null);
    if (!existing && !checked.append) return { mark: null, repeated: false, dropped: [] };
    return apply(checked, existing ?? this.#begin(sessionId, checked));
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const { last, role, since, userId } = checkQuery(query);
    const session = this.#find(checkSessionId(sessionId));
    if (!session || !belongsTo(userId, session)) {
      return { messages: [], mark: null, continues: false };
    }
    const mark = markOf(session);
    if (since && isContinuedBy(since, session)) {
      const added = session.messages.slice(since.length).map(parseMessage);
      return { messages: added, mark, continues: true };
    }
    const ofRole = session.messages
      .map(parseMessage)
      .filter((message) => role === undefined || message.role === role);
    const messages = ofRole.slice(last === undefined ? 0 : Math.max(ofRole.length - last, 0));
    return { messages, mark, continues: false };
  }

  async metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    const userId = checkAccess(access);
    const session = this.#find(checkSessionId(sessionId));
    if (!session || !belongsTo(userId, session)) return undefined;
    return {
      sessionId,
      userId: session.userId ?? null,
      createdAtMs: session.createdAtMs,
      updatedAtMs: session.updatedAtMs,
      currentAgent: session.currentAgent,
      agentsUsed: [...session.agentsUsed],
      messageCount: session.messages.length,
      totalTokens: session.messages.reduce(
        (sum, text) => sum + (parseMessage(text).tokens ?? 0),
        0,
      ),
      ttlMs: session.ttlMs ?? null,
    };
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    const userId = checkAccess(access);
    const session = this.#find(checkSessionId(sessionId));
    if (!session || !belongsTo(userId, session)) return false;
    return this.#sessions.delete(sessionId);
  }

  async *list(access?: SessionAccess): AsyncIterable<string> {
    const userId = checkAccess(access);
    for (const sessionId of this.#sessions.keys()) {
      const session = this.#find(sessionId);
      if (session && belongsTo(userId, session)) yield sessionId;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#sessions.clear();
  }

  #find(sessionId: string): Session | undefined {
    if (this.#closed) throw new SessionError('closed', 'The store was closed. Open another one.');
    const session = this.#sessions.get(sessionId);
    const expired = session?.ttlMs && session.updatedAtMs + session.ttlMs <= Date.now();
    if (!expired) return session;
    this.#sessions.delete(sessionId);
    return undefined;
  }

  #begin(sessionId: string, { newEpoch, nowMs, userId, ttlMs }: CheckedInit): Session {
    const session: Session = {
      epoch: newEpoch,
      userId,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      ttlMs,
      revision: 0,
      generation: 0,
      currentAgent: null,
      agentsUsed: [],
      messages: [],
      operations: new Map(),
    };
    this.#sessions.set(sessionId, session);
    return session;
  }
}

function apply(commit: CheckedCommit, session: Session): CommitResult {
  const kept = Math.max(session.messages.length - commit.drop, 0);
  const dropped = session.messages.slice(kept);
  const added = commit.append?.map(stringifyMessage) ?? [];

  session.revision += 1;
  if (dropped.length > 0) session.generation = session.revision;
  session.messages.length = kept;
  for (const text of added) session.messages.push(text);
  session.updatedAtMs = commit.nowMs;
  session.ttlMs = commit.ttlMs ?? session.ttlMs;
  if (commit.agent !== undefined) {
    session.currentAgent = commit.agent;
    if (!session.agentsUsed.includes(commit.agent)) session.agentsUsed.push(commit.agent);
  }

  const mark = markOf(session);
  const answered = commit.returnDropped ? dropped : [];
  if (commit.forgetOperations) session.operations.clear();
  session.operations.set(commit.operationId, {
    fingerprint: commit.fingerprint,
    mark,
    dropped: answered,
  });
  return { mark, repeated: false, dropped: answered.map(parseMessage) };
}

function belongsTo(userId: string | undefined, session: Session): boolean {
  return userId === undefined || userId === session.userId;
}

function markOf({ epoch, generation, messages }: Session): SessionMark {
  const last = messages.at(-1);
  return {
    epoch,
    generation,
    length: messages.length,
    lastId: last === undefined ? null : parseMessage(last).id,
  };
}

function isContinuedBy(since: SessionMark, session: Session): boolean {
  return since.epoch === session.epoch && since.generation === session.generation;
}
