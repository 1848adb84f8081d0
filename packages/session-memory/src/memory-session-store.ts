import {
  applyCommit,
  checkAccess,
  checkCommit,
  checkInit,
  checkQuery,
  checkSessionId,
  checkSessionsQuery,
  checkStateQuery,
  decideCommit,
  isContinuedBy,
  isFor,
  newest,
  newSessionState,
  nothingRead,
  pageOfSessions,
  parseMessage,
  readResult,
  selectValues,
  sessionNotFound,
  storeClosed,
  stringifyMessage,
} from '@agent-sessions/session-core';
import type {
  CheckedInit,
  Commit,
  CommitResult,
  CreateResult,
  Message,
  Operation,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionInit,
  SessionMetadata,
  SessionsPage,
  SessionsQuery,
  SessionState,
  SessionStore,
  SessionStoreCapabilities,
  StateQuery,
  StateValue,
} from '@agent-sessions/session-core';

interface Session {
  state: SessionState;
  /** JSON text, so that what would not survive a database does not survive here either. */
  readonly messages: string[];
  readonly operations: Map<string, Operation>;
}

/**
 * The reference driver: sessions in the memory of this process, for tests and trials. Sessions end
 * with the store; they remember all their operations.
 */
export class MemorySessionStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities = {
    durable: false,
    sharedWriters: false,
    expiry: true,
    state: true,
    sessions: true,
  };
  readonly #sessions = new Map<string, Session>();
  #closed = false;

  async create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    const checked = checkInit(init);
    const existing = this.#find(checkSessionId(sessionId));
    if (existing && !isFor(checked.userId, existing.state)) throw sessionNotFound(sessionId);
    const { state } = existing ?? this.#begin(sessionId, checked);
    return { created: !existing, mark: state.mark };
  }

  async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    const checked = checkCommit(commit);
    const existing = this.#find(checkSessionId(sessionId));
    const known = existing?.operations.get(checked.operationId);
    const answer = decideCommit(sessionId, checked, existing?.state, known);
    if (answer) return copyOf(answer);

    const session = existing ?? this.#begin(sessionId, checked);
    const { messages, operations } = session;
    const kept = Math.max(messages.length - checked.drop, 0);
    const dropped = messages.slice(kept).map(parseMessage);
    const lastKept = messageAt(session, kept - 1);
    const { state, operation, forgotten } = applyCommit(checked, session.state, dropped, lastKept);

    session.state = state;
    messages.length = kept;
    for (const message of checked.append ?? []) messages.push(stringifyMessage(message));
    if (checked.forgetOperations) operations.clear();
    operations.set(checked.operationId, operation);
    const old = forgotten === undefined ? undefined : operations.get(forgotten);
    if (forgotten !== undefined && old) operations.set(forgotten, { ...old, dropped: null });
    const { mark, revision, dropped: answered } = operation;
    return copyOf({ mark, revision, repeated: false, dropped: answered ?? [] });
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const checked = checkQuery(query);
    const { last, role, since, before, userId } = checked;
    const session = this.#find(checkSessionId(sessionId));
    if (!session || !isFor(userId, session.state)) return nothingRead();
    const { mark } = session.state;
    const continues = isContinuedBy(since, mark, (index) => messageAt(session, index));
    const part = session.messages.slice(continues ? since.length : 0, before);
    const messages = newest(
      part.map(parseMessage).filter((message) => role === undefined || message.role === role),
      last,
    );
    return readResult(messages, mark, continues, checked);
  }

  async metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    const userId = checkAccess(access);
    const state = this.#find(checkSessionId(sessionId))?.state;
    return isFor(userId, state) ? structuredClone(state.metadata) : undefined;
  }

  async state(
    sessionId: string,
    query?: StateQuery,
  ): Promise<Readonly<Record<string, StateValue>>> {
    const { names, userId } = checkStateQuery(query);
    const state = this.#find(checkSessionId(sessionId))?.state;
    return isFor(userId, state) ? structuredClone(selectValues(state, names)) : {};
  }

  async sessions(query: SessionsQuery): Promise<SessionsPage> {
    const checked = checkSessionsQuery(query);
    const found = [...this.#open().keys()].flatMap((sessionId) => {
      const state = this.#find(sessionId)?.state;
      return isFor(checked.userId, state) ? [state] : [];
    });
    return structuredClone(pageOfSessions(found, checked));
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    const userId = checkAccess(access);
    const session = this.#find(checkSessionId(sessionId));
    return isFor(userId, session?.state) && this.#sessions.delete(sessionId);
  }

  async *list(access?: SessionAccess): AsyncIterable<string> {
    const userId = checkAccess(access);
    for (const sessionId of this.#open().keys()) {
      if (isFor(userId, this.#find(sessionId)?.state)) yield sessionId;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#sessions.clear();
  }

  #open(): Map<string, Session> {
    if (this.#closed) throw storeClosed();
    return this.#sessions;
  }

  #find(sessionId: string): Session | undefined {
    const session = this.#open().get(sessionId);
    if (!session) return undefined;
    const { expiresAtMs } = session.state;
    if (expiresAtMs === null || expiresAtMs > Date.now()) return session;
    this.#sessions.delete(sessionId);
    return undefined;
  }

  #begin(sessionId: string, init: CheckedInit): Session {
    const state = newSessionState(sessionId, init);
    const session: Session = { state, messages: [], operations: new Map() };
    this.#sessions.set(sessionId, session);
    return session;
  }
}

function messageAt({ messages }: Session, index: number): Message | undefined {
  const text = messages[index];
  return text === undefined ? undefined : parseMessage(text);
}

/** What is remembered must not change with what was answered. */
function copyOf({ mark, revision, repeated, dropped }: CommitResult): CommitResult {
  return { mark, revision, repeated, dropped: dropped.map(stringifyMessage).map(parseMessage) };
}
