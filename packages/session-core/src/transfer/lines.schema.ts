import Type, { type Static } from 'typebox';

import type { JsonValue } from '../contract/json-value.ts';
import { Message } from '../contract/message.schema.ts';

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });

/** The first line of an export. */
export const HeaderLine = Type.Object({
  format: Type.Literal('agent-sessions'),
  version: Type.Integer(),
});
export type HeaderLine = Static<typeof HeaderLine>;

/** The line that a session begins with. */
export const SessionLine = Type.Object({
  session: Type.Object({
    sessionId: Type.String(),
    userId: nullable(Type.String()),
    createdAtMs: Type.Integer(),
    updatedAtMs: Type.Integer(),
    currentAgent: nullable(Type.String()),
    agentsUsed: Type.Array(Type.String()),
    ttlMs: nullable(Type.Integer()),
    usage: Type.Object({
      requests: Count,
      inputTokens: Count,
      outputTokens: Count,
      totalTokens: Count,
      cachedInputTokens: Count,
      reasoningTokens: Count,
    }),
    state: Type.Unsafe<Readonly<Record<string, JsonValue>>>(Type.Object({})),
  }),
});
export type SessionLine = Static<typeof SessionLine>;

/** The line of a message. */
export const MessageLine = Type.Object({ message: Message });
export type MessageLine = Static<typeof MessageLine>;

/** The line that a session ends with. */
export const EndLine = Type.Object({
  end: Type.Object({ messages: Count, sha256: Type.String() }),
});
export type EndLine = Static<typeof EndLine>;
