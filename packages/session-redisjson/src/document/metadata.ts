import type { SessionMetadata } from '@agent-sessions/session-core';
import Type from 'typebox';
import { Compile } from 'typebox/schema';

import { checkSchema, notASession } from './foreign-document.ts';

/** What is read of a session for its metadata: no messages. */
export const metadataPaths = [
  '$.session_id',
  '$.user_id',
  '$.created_at',
  '$.updated_at',
  '$.metadata',
  '$.store',
];

const nullableString = Type.Union([Type.String(), Type.Null()]);

const Metadata = Compile(
  Type.Object({
    '$.session_id': Type.Tuple([Type.String()]),
    '$.user_id': Type.Array(nullableString),
    '$.created_at': Type.Tuple([Type.Number()]),
    '$.updated_at': Type.Tuple([Type.Number()]),
    '$.metadata': Type.Tuple([
      Type.Object({
        current_agent: nullableString,
        agents_used: Type.Array(Type.String()),
        message_count: Type.Integer(),
        total_tokens: Type.Integer(),
      }),
    ]),
    '$.store': Type.Array(Type.Object({ schema_version: Type.Number(), ttl_ms: Type.Integer() })),
  }),
);

/** @throws SessionError `not_a_session` or `unsupported_schema` where the document is not the session's */
export function parseMetadata(sessionId: string, reply: unknown): SessionMetadata | undefined {
  if (reply === null) return undefined;
  if (!Metadata.Check(reply) || reply['$.session_id'][0] !== sessionId)
    throw notASession(sessionId);
  const [store] = reply['$.store'];
  checkSchema(sessionId, store);
  const [metadata] = reply['$.metadata'];
  return {
    sessionId,
    userId: reply['$.user_id'][0] ?? null,
    createdAtMs: Math.round(reply['$.created_at'][0] * 1000),
    updatedAtMs: Math.round(reply['$.updated_at'][0] * 1000),
    currentAgent: metadata.current_agent,
    agentsUsed: metadata.agents_used,
    messageCount: metadata.message_count,
    totalTokens: metadata.total_tokens,
    ttlMs: store?.ttl_ms || null,
  };
}

/** What tells whose a document is. */
export const ownerPaths = ['$.session_id', '$.user_id'];

const Owner = Compile(
  Type.Object({
    '$.session_id': Type.Tuple([Type.String()]),
    '$.user_id': Type.Array(nullableString),
  }),
);

/** Answers `undefined` where there is no document, or one that is no session's. */
export function parseOwner(
  reply: unknown,
): Pick<SessionMetadata, 'sessionId' | 'userId'> | undefined {
  if (!Owner.Check(reply)) return undefined;
  return { sessionId: reply['$.session_id'][0], userId: reply['$.user_id'][0] ?? null };
}
