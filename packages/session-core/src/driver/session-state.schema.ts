import Type, { type Static } from 'typebox';

import { Message } from '../contract/message.schema.ts';
import type { SessionMark, SessionMetadata } from '../contract/store.ts';

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const Mark = Type.Object({
  epoch: Type.String(),
  generation: Type.Integer(),
  length: Type.Integer(),
  lastId: nullable(Type.String()),
});

/**
 * All that is to be kept of a session beside its messages and operations: plain JSON. For drivers
 * that decide in their own process, inside a transaction of their database.
 */
export const SessionState = Type.Object({
  /** Counts commits, from 0. */
  revision: Type.Integer(),
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
    ttlMs: nullable(Type.Number()),
  }),
});
export interface SessionState {
  readonly revision: number;
  readonly mark: SessionMark;
  readonly metadata: SessionMetadata;
}

/** What is to be remembered of a commit under its operation id: plain JSON. */
export const Operation = Type.Object({
  fingerprint: Type.String(),
  mark: Mark,
  /** What the commit answered as dropped. */
  dropped: Type.Array(Message),
});
export type Operation = Static<typeof Operation>;
