import Type, { type Static } from 'typebox';

import type { JsonValue } from '../contract/json-value.ts';
import { Message } from '../contract/message.schema.ts';
import type { SessionMark, SessionMetadata } from '../contract/store.ts';

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const Mark = Type.Object({
  epoch: Type.String(),
  generation: Type.Integer(),
  length: Type.Integer(),
  lastId: nullable(Type.String()),
});

const NamedValue = Type.Object({
  name: Type.String(),
  value: Type.Unsafe<JsonValue>(Type.Unknown()),
  revision: Type.Integer(),
});

/**
 * All that is to be kept of a session beside its messages and operations: plain JSON. For drivers
 * that decide in their own process, inside a transaction of their database.
 */
export const SessionState = Type.Object({
  /** Counts commits, from 0. */
  revision: Type.Integer(),
  /** Milliseconds since the epoch: when the session ends, if it does. */
  expiresAtMs: nullable(Type.Number()),
  mark: Mark,
  metadata: Type.Object({
    sessionId: Type.String(),
    userId: nullable(Type.String()),
    createdAtMs: Type.Number(),
    updatedAtMs: Type.Number(),
    currentAgent: nullable(Type.String()),
    agentsUsed: Type.Array(Type.String()),
    messageCount: Type.Integer(),
    totalTokens: Type.Integer(),
    usage: Type.Object({
      requests: Type.Integer(),
      inputTokens: Type.Integer(),
      outputTokens: Type.Integer(),
      totalTokens: Type.Integer(),
      cachedInputTokens: Type.Integer(),
      reasoningTokens: Type.Integer(),
    }),
    ttlMs: nullable(Type.Number()),
  }),
  /** The ids of the last operations that answered with what they dropped, the newest last. */
  drops: Type.Array(Type.String()),
  /** Each name once. A list, for an object answers to names such as `constructor`. */
  values: Type.Array(NamedValue),
});
export interface SessionState {
  readonly revision: number;
  readonly expiresAtMs: number | null;
  readonly mark: SessionMark;
  readonly metadata: SessionMetadata;
  readonly drops: readonly string[];
  readonly values: readonly Static<typeof NamedValue>[];
}

/** What is to be remembered of a commit under its operation id: plain JSON. */
export const Operation = Type.Object({
  fingerprint: Type.String(),
  revision: Type.Integer(),
  mark: Mark,
  /** What the commit answered as dropped; `null` where that has been forgotten. */
  dropped: nullable(Type.Array(Message)),
});
export type Operation = Static<typeof Operation>;
