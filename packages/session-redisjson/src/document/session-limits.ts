import { outOfRange, SessionError, wrongType } from '@agent-sessions/session-core';

/** How much there may be: what is more is refused. */
export interface SessionLimits {
  /** Of a session. */
  readonly maxMessages: number | undefined;
  /** Of the messages and values of one commit, as JSON text. */
  readonly maxCommitBytes: number;
}

/** A session that has become long. */
export interface LongSession {
  readonly sessionId: string;
  /** Number of its messages. */
  readonly messages: number;
  /** Size of what the last commit has added to it, as JSON text. */
  readonly committedBytes: number;
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

/** @throws TypeError `invalid_argument` where it is given and cannot be called */
export function checkListener<Listener>(field: string, listener: Listener): Listener {
  if (listener === undefined || typeof listener === 'function') return listener;
  throw wrongType(field, 'must be a function.');
}

/**
 * Tells of a session that has grown, at the commit that makes it long and each time that it has
 * doubled since, and of one to which a commit adds much at once.
 *
 * @param before - how many messages it had before the commit
 */
export function warnOfLongSession(
  { warnAtMessages, warnAtBytes, onLongSession }: LongSessionWarning,
  session: LongSession,
  before: number,
): void {
  const { messages, committedBytes } = session;
  if (messages <= before) return;
  const doublings = (length: number) => Math.floor(Math.log2(length / warnAtMessages));
  const isLong =
    messages >= warnAtMessages && doublings(messages) > Math.max(doublings(before), -1);
  // By itself: the commit is made, whatever the listener does.
  if (isLong || committedBytes >= warnAtBytes) process.nextTick(tell, onLongSession, session);
}

function tell(listener: LongSessionWarning['onLongSession'], session: LongSession): void {
  try {
    listener(session);
  } catch (error) {
    reportOnce(error);
  }
}

let isReported = false;

/** What an application's own function throws must not end it, and must not be passed over either. */
function reportOnce(error: unknown): void {
  if (isReported) return;
  isReported = true;
  process.emitWarning(`onLongSession has failed: ${String(error)}. This is said once.`, {
    type: 'LongSessionWarning',
    code: 'AGENT_SESSIONS_LISTENER_FAILED',
  });
}

/** What is done about a long session unless the caller wants something else. */
export function emitLongSessionWarning({ sessionId, messages, committedBytes }: LongSession): void {
  process.emitWarning(
    `Session ${JSON.stringify(sessionId)} has become long: ${countText(messages)}, ${sizeText(committedBytes)} of them in one commit. Each read of all of it costs that much, and its deletion holds up the server. Compact its history, or archive it (archiveHistory); the options maxMessages and maxCommitBytes refuse what is too much.`,
    { type: 'LongSessionWarning', code: 'AGENT_SESSIONS_LONG_SESSION' },
  );
}

/** There is no room for what was to be added. */
export function sessionFull(
  sessionId: string,
  messages: number,
  operationId: string,
): SessionError {
  return new SessionError(
    'session_full',
    `Session ${JSON.stringify(sessionId)} is full: ${countText(messages)}, and with the new ones more than the maxMessages of its store allow; nothing was written. Compact its history, archive it (archiveHistory), or allow more.`,
    { operationId },
  );
}

/** One commit is larger than commits may be. @throws SessionError `session_full` */
export function checkCommitSize(
  sessionId: string,
  bytes: number,
  { maxCommitBytes }: SessionLimits,
  operationId: string,
): void {
  if (bytes <= maxCommitBytes) return;
  throw new SessionError(
    'session_full',
    `A commit to session ${JSON.stringify(sessionId)} holds ${sizeText(bytes)} of messages and values, more than the maxCommitBytes of its store (${sizeText(maxCommitBytes)}) allow; nothing was written. Add less at once, or allow more.`,
    { operationId },
  );
}

function countText(messages: number): string {
  return messages === 1 ? '1 message' : `${messages} messages`;
}

function sizeText(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
