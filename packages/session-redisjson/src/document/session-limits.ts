import { outOfRange, SessionError } from '@agent-sessions/session-core';

/** How long a session may get: what is more is refused. */
export interface SessionLimits {
  readonly maxMessages?: number | undefined;
  readonly maxBytes?: number | undefined;
}

/** A session that has become long. */
export interface LongSession {
  readonly sessionId: string;
  /** Number of its messages. */
  readonly messages: number;
  /** Their size as JSON text, as far as it was written here. */
  readonly bytes: number;
}

/** When a session is long, and who is told. */
export interface LongSessionWarning {
  readonly warnAtMessages: number;
  readonly warnAtBytes: number;
  readonly onLongSession: (session: LongSession) => void;
}

/** @throws RangeError `invalid_argument` where it is given and no whole number from 1 */
export function checkLimit<Limit extends number | undefined>(field: string, limit: Limit): Limit {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 1)) return limit;
  throw outOfRange(field, 'must be a whole number from 1; leave it out for no limit.');
}

/**
 * Tells of a session at the commit that makes it long, and each time that it has doubled since.
 *
 * @param added - the JSON text of each message that the commit has added
 */
export function warnOfLongSession(
  { warnAtMessages, warnAtBytes, onLongSession }: LongSessionWarning,
  session: LongSession,
  added: readonly string[],
): void {
  const isNews =
    passes(warnAtMessages, session.messages, () => added.length) ||
    passes(warnAtBytes, session.bytes, () => sum(added.map((text) => Buffer.byteLength(text))));
  // By itself: the commit is made, whatever the listener does.
  if (isNews) process.nextTick(onLongSession, session);
}

/** Whether what was added passes the threshold, or its double, or the double of that, and so on. */
function passes(threshold: number, size: number, added: () => number): boolean {
  if (size < threshold) return false;
  const doublings = (value: number) => Math.floor(Math.log2(value / threshold));
  return doublings(size) > doublings(Math.max(size - added(), 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** What is done about a long session unless the caller wants something else. */
export function emitLongSessionWarning({ sessionId, messages, bytes }: LongSession): void {
  process.emitWarning(
    `Session ${JSON.stringify(sessionId)} has become long: ${sizeText({ messages, bytes })}. Each read of all of it costs that much, and its deletion holds up the server. Compact its history, or archive it (archiveHistory); the options maxMessages and maxBytes refuse what is too long.`,
    { type: 'LongSessionWarning', code: 'AGENT_SESSIONS_LONG_SESSION' },
  );
}

/** There is no room for what was to be added. */
export function sessionFull(sessionId: string, size: Size, operationId: string): SessionError {
  return new SessionError(
    'session_full',
    `Session ${JSON.stringify(sessionId)} is full: ${sizeText(size)}, and with the new ones more than maxMessages or maxBytes of its store allow; nothing was written. Compact its history, archive it (archiveHistory), or allow more.`,
    { operationId },
  );
}

type Size = Omit<LongSession, 'sessionId'>;

function sizeText({ messages, bytes }: Size): string {
  const count = messages === 1 ? '1 message' : `${messages} messages`;
  return `${count}, ${(bytes / 1e6).toFixed(1)} MB`;
}
