import { noUsage } from '@agent-sessions/session-core';
import type { SessionMetadata } from '@agent-sessions/session-core';

import { checkSchema, notASession } from './foreign-document.ts';
import { isStoredMetadata } from './replies.validators.ts';

/** What is read of a session for its metadata: no messages. */
export const metadataPaths = [
  '$.session_id',
  '$.user_id',
  '$.created_at',
  '$.updated_at',
  '$.metadata',
  '$.store',
];

/** @throws SessionError `not_a_session` or `unsupported_schema` where the document is not the session's */
export function parseMetadata(sessionId: string, reply: unknown): SessionMetadata | undefined {
  if (reply === null) return undefined;
  if (!isStoredMetadata(reply) || reply['$.session_id'][0] !== sessionId)
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
    usage: noUsage,
    ttlMs: store?.ttl_ms || null,
  };
}

/** The same, but `undefined` also for a document that cannot be read as the session's. */
export function readableMetadata(sessionId: string, reply: unknown): SessionMetadata | undefined {
  try {
    return parseMetadata(sessionId, reply);
  } catch {
    return undefined;
  }
}
