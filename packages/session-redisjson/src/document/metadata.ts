import { addUsage, noUsage, usageNumbers } from '@agent-sessions/session-core';
import type { SessionMetadata, SessionUsage } from '@agent-sessions/session-core';

import { notASession, parseOurMember } from './foreign-document.ts';
import { isStoredMetadata } from './replies.validators.ts';

/** What is read of a session for its metadata: no messages. */
export const metadataPaths = [
  '$.session_id',
  '$.user_id',
  '$.created_at',
  '$.updated_at',
  '$.metadata',
  '$.usage',
  '$.agent_sessions',
];

/**
 * The metadata in what `JSON.GET` of {@link metadataPaths} answered; `undefined` for no document,
 * and for one of another user.
 *
 * @throws SessionError `not_a_session` or `unsupported_schema` where the document is not the session's
 */
export function parseMetadata(
  sessionId: string,
  userId: string | undefined,
  reply: unknown,
): SessionMetadata | undefined {
  if (reply === null) return undefined;
  if (!isStoredMetadata(reply) || reply['$.session_id'][0] !== sessionId)
    throw notASession(sessionId);
  const [owner = null] = reply['$.user_id'];
  if (userId !== undefined && userId !== owner) return undefined;
  const ours = parseOurMember(sessionId, reply['$.agent_sessions']);
  const [metadata] = reply['$.metadata'];
  return {
    sessionId,
    userId: owner,
    createdAtMs: Math.round(reply['$.created_at'][0] * 1000),
    updatedAtMs: Math.round(reply['$.updated_at'][0] * 1000),
    currentAgent: metadata.current_agent,
    agentsUsed: metadata.agents_used,
    messageCount: metadata.message_count,
    totalTokens: metadata.total_tokens,
    usage: parseUsage(reply['$.usage'][0]),
    ttlMs: ours?.ttl_ms || null,
  };
}

/** The name of a number of the usage in the document. */
export function storedUsageName(name: keyof SessionUsage): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const storedUsageNames = usageNumbers.map((name) => [name, storedUsageName(name)] as const);

/** A member of that name which is somebody else's has none of our numbers. */
function parseUsage(stored: unknown): SessionUsage {
  if (typeof stored !== 'object' || stored === null) return noUsage;
  const found: Partial<Record<keyof SessionUsage, number>> = {};
  for (const [name, storedName] of storedUsageNames) {
    const number: unknown = Reflect.get(stored, storedName);
    if (typeof number === 'number' && Number.isSafeInteger(number))
      found[name] = Math.max(number, 0);
  }
  return addUsage(noUsage, found);
}

/** The same, but `undefined` also for a document that cannot be read as the session's. */
export function readableMetadata(
  sessionId: string,
  userId: string | undefined,
  reply: unknown,
): SessionMetadata | undefined {
  try {
    return parseMetadata(sessionId, userId, reply);
  } catch {
    return undefined;
  }
}
