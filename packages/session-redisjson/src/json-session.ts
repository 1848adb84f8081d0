import {
  checkAccess,
  checkSessionId,
  checkTtlMs,
  Conversation,
} from '@agent-sessions/session-core';
import type {
  AnyRole,
  JsonValue,
  Message,
  Role,
  SessionMetadata,
  SessionStore,
} from '@agent-sessions/session-core';

import { openSessionStore, type OpenSessionStoreOptions } from './open-session-store.ts';

/** @see {@link JSONSession} */
export interface JSONSessionOptions {
  readonly sessionId: string;
  /** Where given, a session of another user is not found. */
  readonly userId?: string | undefined;
  /** @defaultValue `'redis://localhost:6379'` */
  readonly redisUrl?: string | undefined;
  /** Seconds after the last write at which the session ends. @defaultValue as it was created */
  readonly ttl?: number | undefined;
  /** Of the store beneath: its deadline, its limits, whom it tells. @defaultValue its defaults */
  readonly storeOptions?: OpenSessionStoreOptions | undefined;
}

/** What {@link JSONSession.addMessage} takes by name. */
export interface JSONSessionMessage {
  readonly role: Role;
  /** Text, or any JSON value. */
  readonly content: unknown;
  /** Name of the agent that produced the message. */
  readonly agent?: string | null | undefined;
  /** A whole number from 0. */
  readonly tokens?: number | null | undefined;
  /** Repeat the call with the same id, and the message is added once. @defaultValue a random id */
  readonly operationId?: string | undefined;
}

/** What a model gets of a message. */
export interface AgentInput {
  readonly role: AnyRole;
  readonly content: JsonValue;
}

/**
 * The Python class `redis_openai_agents.JSONSession` in TypeScript, on the same documents: what one
 * writes, the other reads. It connects with the first call; close it after the last.
 *
 * Unlike there, `create` leaves a session that exists as it is, `load` keeps the TTL, `limit` and
 * `role` go together, a limit of 0 or less reads nothing, and adding a message is one round trip,
 * which starts the session anew where it has expired.
 */
export class JSONSession {
  readonly sessionId: string;
  readonly userId: string | undefined;
  readonly #redisUrl: string | undefined;
  readonly #storeOptions: OpenSessionStoreOptions | undefined;
  #ttlMs: number | undefined;
  #store: Promise<SessionStore> | undefined;

  /** @throws TypeError or RangeError `invalid_argument` */
  constructor({ sessionId, userId, redisUrl, ttl, storeOptions }: JSONSessionOptions) {
    this.sessionId = checkSessionId(sessionId);
    this.userId = checkAccess({ userId });
    this.#redisUrl = redisUrl;
    this.#storeOptions = storeOptions;
    const seconds = checkTtlMs('ttl', ttl);
    this.#ttlMs = checkTtlMs('ttl', seconds === undefined ? undefined : seconds * 1000);
  }

  /**
   * The session that exists under an id, with its user and its TTL.
   *
   * @param options - the URL of Redis, by name or as it is
   * @throws SessionError `session_not_found`
   */
  static async load(
    sessionId: string,
    options: Omit<JSONSessionOptions, 'sessionId'> | string = {},
  ): Promise<JSONSession> {
    const named = typeof options === 'string' ? { redisUrl: options } : options;
    const session = new JSONSession({ ...named, sessionId });
    try {
      const { userId, ttlMs } = await (await session.#conversation()).load();
      const loaded = new JSONSession({ ...named, sessionId, userId: userId ?? undefined });
      // Where it expires later, the next message starts it anew as it was.
      loaded.#ttlMs ??= ttlMs ?? undefined;
      loaded.#store = session.#store;
      return loaded;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Creates the session. Answers `false`, and changes nothing, where it exists. */
  async create(): Promise<boolean> {
    return (await (await this.#conversation()).create()).created;
  }

  /** Adds a message at the end; its arguments in the order of Python, or by name. */
  addMessage(message: JSONSessionMessage): Promise<void>;
  addMessage(
    role: Role,
    content: unknown,
    details?: Omit<JSONSessionMessage, 'role' | 'content'>,
  ): Promise<void>;
  addMessage(
    role: Role,
    content: unknown,
    agent?: string | null,
    tokens?: number | null,
  ): Promise<void>;
  async addMessage(
    first: JSONSessionMessage | Role,
    content?: unknown,
    third?: Omit<JSONSessionMessage, 'role' | 'content'> | string | null,
    tokens?: number | null,
  ): Promise<void> {
    const details = typeof third === 'object' && third !== null ? third : { agent: third, tokens };
    const named = typeof first === 'object' ? first : { role: first, content, ...details };
    const { operationId, ...message } = named;
    await (await this.#conversation()).append([message], { operationId });
  }

  /**
   * Reads the messages, filtered by the server.
   *
   * @param options - `limit`: only the last so many, none for 0 or less; `role`: only of that role
   */
  async getMessages({
    limit,
    role,
  }: { readonly limit?: number | undefined; readonly role?: Role | undefined } = {}): Promise<
    Message[]
  > {
    return await (await this.#conversation()).messages({ last: limit, role });
  }

  /** Answers what is known of the session without its messages; `undefined` where there is none. */
  async getMetadata(): Promise<SessionMetadata | undefined> {
    return await (await this.#conversation()).metadata();
  }

  /** The messages as the input of a model: role and content. */
  async toAgentInputs(): Promise<AgentInput[]> {
    return (await this.getMessages()).map(({ role, content }) => ({ role, content }));
  }

  /** Makes an agent the current one, and adds it to the agents used, once. */
  async trackAgent(agent: string): Promise<void> {
    await (await this.#conversation()).trackAgent(agent);
  }

  /** Drops all messages; the session, its user, its agents and its TTL stay. */
  async clear(): Promise<void> {
    await (await this.#conversation()).clear();
  }

  /** Deletes the session; `false` where there was none. */
  async delete(): Promise<boolean> {
    return await (await this.#conversation()).delete();
  }

  /** Closes the connection. The next call would open another. */
  async close(): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    // One that could not be opened has nothing to close, and its error was reported to who asked.
    await (await store?.catch(() => undefined))?.close();
  }

  async #conversation(): Promise<Conversation> {
    const { sessionId, userId } = this;
    return new Conversation({ store: await this.#open(), sessionId, userId, ttlMs: this.#ttlMs });
  }

  async #open(): Promise<SessionStore> {
    this.#store ??= openSessionStore(this.#redisUrl, this.#storeOptions);
    try {
      return await this.#store;
    } catch (error) {
      this.#store = undefined;
      throw error;
    }
  }
}
