// Sessions in an SQLite file: the whole of a driver, step by step as "Writing a driver" in the
// README of @agent-sessions/session-core has it. libsql is SQLite as an npm package that needs no
// compiler; its file locks hold across processes, also where one of them is killed.
import { resolve } from 'node:path';

import {
  applyCommit,
  checkAccess,
  checkCommit,
  checkInit,
  checkQuery,
  checkSessionId,
  checkSessionsQuery,
  checkStateQuery,
  damagedMessage,
  decideCommit,
  isContinuedBy,
  isFor,
  newSessionState,
  nothingRead,
  outOfRange,
  pageOfSessions,
  parseMessage,
  parseOperation,
  parseSessionState,
  readResult,
  rememberedOperations,
  selectValues,
  SessionError,
  sessionNotFound,
  storeClosed,
  stringifyMessage,
  stringifyOperation,
  stringifySessionState,
} from '@agent-sessions/session-core';
import type {
  CheckedCommit,
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
  StateQuery,
  StateValue,
} from '@agent-sessions/session-core';
import Database from 'libsql';

/** JSON wherever a name may stand: libsql would cut it off at a NUL, which JSON escapes. */
const tables = `
  CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT,
    updated_at_ms INTEGER NOT NULL,
    ends_at_ms INTEGER,
    state TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (ends_at_ms);
  CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id, updated_at_ms, id);
  CREATE TABLE IF NOT EXISTS messages (
    session_id TEXT REFERENCES sessions ON DELETE CASCADE,
    position INTEGER,
    role TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (session_id, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS operations (
    session_id TEXT REFERENCES sessions ON DELETE CASCADE,
    id TEXT,
    revision INTEGER NOT NULL,
    operation TEXT NOT NULL,
    PRIMARY KEY (session_id, id)
  ) STRICT, WITHOUT ROWID;`;

/** What has ended is there no more, though it has not been removed yet. */
const isThere = '(ends_at_ms IS NULL OR ends_at_ms > ?)';
type Value = string | number | null;

/** What {@link SqliteSessionStore} is made with. */
export interface SqliteSessionStoreOptions {
  /** The file, as a path from the working directory. It is made where there is none. */
  readonly path: string;
  /** How long to wait for other writers, in ms. The whole process waits. @defaultValue 5000 */
  readonly busyTimeoutMs?: number | undefined;
}

/**
 * Keeps sessions in an SQLite file. The processes of one machine may share it; those of several may
 * not: the locks of network drives do not hold.
 */
export class SqliteSessionStore implements SessionStore {
  readonly capabilities = {
    durable: true,
    sharedWriters: true,
    expiry: true,
    state: true,
    sessions: true,
  };
  readonly #database: Database.Database;

  /** @throws SessionError `connection_failed` where the file cannot be opened */
  constructor({ path, busyTimeoutMs = 5000 }: SqliteSessionStoreOptions) {
    if (!(busyTimeoutMs >= 0)) throw outOfRange('busyTimeoutMs', 'must be a number from 0.');
    try {
      this.#database = new Database(resolve(path), { timeout: busyTimeoutMs });
    } catch (cause) {
      const message = `The file ${path} cannot be opened. Make its folder, or name another file.`;
      throw new SessionError('connection_failed', message, { cause });
    }
    this.#database.exec('PRAGMA foreign_keys = ON');
    this.#transaction('IMMEDIATE', () => this.#database.exec(tables));
  }

  async create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    checkSessionId(sessionId);
    const checked = checkInit(init);
    return this.#transaction('IMMEDIATE', (nowMs) => {
      const found = this.#find(sessionId, nowMs);
      if (found && !isFor(checked.userId, found)) throw sessionNotFound(sessionId);
      if (found) return { created: false, mark: found.mark };
      const { mark } = this.#begin(sessionId, { ...checked, nowMs });
      return { created: true, mark };
    });
  }

  async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    checkSessionId(sessionId);
    const checked = checkCommit(commit);
    const apply = (nowMs: number) => this.#commit(sessionId, { ...checked, nowMs });
    return this.#transaction('IMMEDIATE', apply, checked.operationId);
  }

  async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    checkSessionId(sessionId);
    const { since, ...part } = checkQuery(query);
    return this.#transaction('DEFERRED', (nowMs) => {
      const state = this.#find(sessionId, nowMs);
      if (!isFor(part.userId, state)) return nothingRead();
      const messageAt = (index: number) => this.#messages(sessionId, index)[0];
      const continues = isContinuedBy(since, state.mark, messageAt);
      const messages = this.#messages(sessionId, continues ? since.length : 0, part);
      return readResult(messages, state.mark, continues, part);
    });
  }

  async metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    return this.#stateFor(checkAccess(access), sessionId)?.metadata;
  }

  async state(sessionId: string, query?: StateQuery): Promise<Record<string, StateValue>> {
    const { names, userId } = checkStateQuery(query);
    const state = this.#stateFor(userId, sessionId);
    return state ? selectValues(state, names) : {};
  }

  async sessions(query: SessionsQuery): Promise<SessionsPage> {
    const checked = checkSessionsQuery(query);
    const { userId, limit } = checked;
    const after = checked.after ?? { updatedAtMs: Number.MAX_SAFE_INTEGER, sessionId: '' };
    const newestFirst = `
      SELECT state FROM sessions WHERE user_id = ? AND (updated_at_ms, id) < (?, ?) AND ${isThere}
      ORDER BY updated_at_ms DESC, id DESC LIMIT ?`;
    return this.#transaction('DEFERRED', (nowMs) => {
      const values = [userId, after.updatedAtMs, after.sessionId, nowMs, limit + 1];
      return pageOfSessions(this.#select(parseSessionState, newestFirst, ...values), checked);
    });
  }

  async delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    checkSessionId(sessionId);
    const userId = checkAccess(access);
    return this.#transaction('IMMEDIATE', (nowMs) => {
      if (!isFor(userId, this.#find(sessionId, nowMs))) return false;
      this.#run('DELETE FROM sessions WHERE id = ?', sessionId);
      return true;
    });
  }

  async *list(access?: SessionAccess): AsyncIterable<string> {
    const userId = checkAccess(access);
    const all = `SELECT state FROM sessions WHERE ${isThere}`;
    const states = this.#transaction('DEFERRED', (now) =>
      this.#select(parseSessionState, all, now),
    );
    for (const state of states) if (isFor(userId, state)) yield state.metadata.sessionId;
  }

  async close(): Promise<void> {
    if (this.#database.open) this.#database.close();
  }

  #commit(sessionId: string, commit: CheckedCommit): CommitResult {
    const { operationId, append = [] } = commit;
    const found = this.#find(sessionId, commit.nowMs);
    const known = found && this.#findOperation(sessionId, operationId);
    const answer = decideCommit(sessionId, commit, found, known);
    if (answer) return answer;

    const before = found ?? this.#begin(sessionId, commit);
    const kept = Math.max(before.mark.length - commit.drop, 0);
    const dropped = this.#messages(sessionId, kept, {}, commit.dropUnreadable);
    const [lastKept] = this.#messages(sessionId, kept - 1, { before: kept }, true);
    const { state, operation, forgotten } = applyCommit(commit, before, dropped, lastKept);

    this.#save(sessionId, state);
    this.#run('DELETE FROM messages WHERE session_id = ? AND position >= ?', sessionId, kept);
    for (const [index, message] of append.entries()) {
      const row = [sessionId, kept + index, message.role, stringifyMessage(message)];
      this.#run('INSERT INTO messages VALUES (?, ?, ?, ?)', ...row);
    }
    const memory = commit.forgetOperations ? 0 : rememberedOperations;
    const oldest = state.revision - memory;
    this.#run('DELETE FROM operations WHERE session_id = ? AND revision <= ?', sessionId, oldest);
    this.#remember(sessionId, operationId, operation);
    const old = forgotten && this.#findOperation(sessionId, forgotten);
    if (forgotten && old) this.#remember(sessionId, forgotten, { ...old, dropped: null });
    const { mark, revision, dropped: answered } = operation;
    return { mark, revision, repeated: false, dropped: answered ?? [] };
  }

  #stateFor(userId: string | undefined, sessionId: string): SessionState | undefined {
    checkSessionId(sessionId);
    const state = this.#transaction('DEFERRED', (nowMs) => this.#find(sessionId, nowMs));
    return isFor(userId, state) ? state : undefined;
  }

  #find(sessionId: string, nowMs: number): SessionState | undefined {
    const ofId = `SELECT state FROM sessions WHERE id = ? AND ${isThere}`;
    return this.#select(parseSessionState, ofId, sessionId, nowMs)[0];
  }

  #findOperation(sessionId: string, id: string): Operation | undefined {
    const ofId = 'SELECT operation FROM operations WHERE session_id = ? AND id = ?';
    return this.#select(parseOperation, ofId, sessionId, id)[0];
  }

  #remember(sessionId: string, id: string, operation: Operation): void {
    const row = [sessionId, id, operation.revision, stringifyOperation(operation)];
    this.#run('INSERT OR REPLACE INTO operations VALUES (?, ?, ?, ?)', ...row);
  }

  /** First the sessions that have ended go, of which one may have had the id. */
  #begin(sessionId: string, init: CheckedInit): SessionState {
    this.#run('DELETE FROM sessions WHERE ends_at_ms <= ?', init.nowMs);
    const state = newSessionState(sessionId, init);
    this.#save(sessionId, state);
    return state;
  }

  #save(sessionId: string, state: SessionState): void {
    const { userId, updatedAtMs } = state.metadata;
    const columns = [userId, updatedAtMs, state.expiresAtMs, stringifySessionState(state)];
    const upsert = `
      INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id)
      DO UPDATE SET user_id = ?2, updated_at_ms = ?3, ends_at_ms = ?4, state = ?5`;
    this.#run(upsert, sessionId, ...columns);
  }

  /** With `skips`, those that cannot be read are left out. */
  #messages(sessionId: string, from = 0, query: ReadQuery = {}, skips = false): Message[] {
    const { role, last, before } = query;
    const newestFirst = `
      SELECT position || ' ' || message FROM messages
      WHERE session_id = ?1 AND position >= ?2 AND (?3 IS NULL OR role = ?3) AND position < ?4
      ORDER BY position DESC LIMIT ?5`;
    const values = [sessionId, from, role ?? null, before ?? Number.MAX_SAFE_INTEGER, last ?? -1];
    const rows = this.#select(String, newestFirst, ...values);
    return rows.toReversed().flatMap((row) => {
      const space = row.indexOf(' ');
      try {
        return [parseMessage(row.slice(space + 1))];
      } catch (cause) {
        if (skips) return [];
        throw damagedMessage(sessionId, Number(row.slice(0, space)), cause);
      }
    });
  }

  /** The rows of a statement whose one column is text. */
  #select<T>(parse: (text: string) => T, sql: string, ...values: Value[]): T[] {
    const statement = this.#database.prepare(sql).pluck();
    return statement.all(...values).map((text) => {
      try {
        return parse(String(text));
      } catch {
        throw new SessionError('not_a_session', 'The file holds something else. Name another one.');
      }
    });
  }

  #run(sql: string, ...values: Value[]): void {
    this.#database.prepare(sql).run(...values);
  }

  #transaction<T>(kind: string, work: (nowMs: number) => T, operationId?: string): T {
    if (!this.#database.open) throw storeClosed();
    try {
      this.#database.exec(`BEGIN ${kind}`);
      // Not the present of `checkCommit`: BEGIN may have waited since.
      const result = work(Date.now());
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw toSessionError(error, operationId);
    }
  }
}

/**
 * Opens the store that a URL names: `sqlite:` and the path of the file.
 *
 * @throws RangeError `invalid_argument` where it names none
 */
export function openSessionStore(url: string, options: Partial<SqliteSessionStoreOptions> = {}) {
  const path = /^sqlite:(.+)$/i.exec(url)?.[1];
  if (path === undefined) throw outOfRange('url', 'must name a file: sqlite:./sessions.db.');
  return new SqliteSessionStore({ ...options, path });
}

function toSessionError(cause: unknown, operationId: string | undefined): SessionError {
  if (cause instanceof SessionError) return cause;
  if (cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY')) {
    const message = 'Others kept the database busy all the time; nothing was written. Try again.';
    return new SessionError('unavailable', message, { retryable: true, operationId, cause });
  }
  const message = 'SQLite failed, see `cause`. Repeat a commit with the same operation id.';
  return new SessionError('store_failed', message, { outcome: 'unknown', operationId, cause });
}
