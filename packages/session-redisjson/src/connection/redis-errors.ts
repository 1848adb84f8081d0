import { isNativeError } from 'node:util/types';

import { SessionError } from '@agent-sessions/session-core';
import type { SessionErrorCode, SessionErrorDetails } from '@agent-sessions/session-core';

/** How an error of the server is recognised, what it means, and what to do. */
const replies: readonly [
  RegExp,
  SessionErrorCode,
  string,
  Pick<SessionErrorDetails, 'retryable'>,
][] = [
  [
    /WRONGTYPE|wrong Redis type/,
    'not_a_session',
    'The key of this session holds something that is not a JSON document; it was left as it is. Use another key prefix or session id.',
    {},
  ],
  [
    /unknown (redis )?command/i,
    'missing_capability',
    'This server has no JSON commands. Use Redis 8, Redis Stack, or a Redis with the RedisJSON module.',
    {},
  ],
  [
    /NOPERM|no permissions|can't run this command/,
    'permission_denied',
    'This Redis user may not do it. Grant JSON.*, EVALSHA, EVAL, PEXPIRE, UNLINK and SCAN on the session keys.',
    {},
  ],
  [
    // Who is not logged in may not even send long commands.
    /NOAUTH|WRONGPASS|unauthenticated/,
    'permission_denied',
    'Redis refused the credentials. Correct the user and password in the URL.',
    {},
  ],
  [
    /\bOOM\b/,
    'unavailable',
    'Redis is out of memory and refused the change. Raise maxmemory or delete data, then repeat the call.',
    { retryable: true },
  ],
  [
    /READONLY|read only replica|LOADING|BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|EXECABORT/,
    'unavailable',
    'Redis refuses changes at the moment. Repeat the call later.',
    { retryable: true },
  ],
];

/** Errors of node-redis and of Node's sockets that mean the connection, by name or code. */
const connectionFaults =
  /^(SocketClosedUnexpectedlyError|ConnectionTimeoutError|SocketTimeoutError|ClientOfflineError|DisconnectsClientError|RootNodesUnavailableError|ReconnectStrategyError|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|NR_CLOSED|UNCERTAIN_STATE)$/;

/** The change was made, and is not known to be as safe as it should be. */
export class UnconfirmedError extends Error {
  override readonly name = 'UnconfirmedError';

  /** @param cause - why it cannot be confirmed at all, where that is so */
  constructor(cause?: unknown) {
    super('The change is not confirmed.', { cause });
  }
}

/** Whether an error passes by itself: the server is starting, or the cluster is finding itself. */
export function isPassing(error: unknown): boolean {
  return /^(LOADING|MASTERDOWN|TRYAGAIN|CLUSTERDOWN)\b/.test(describe(originOf(error)).message);
}

/** Whether an error says that the connection was lost, so that the outcome of a command is unknown. */
export function isConnectionFault(error: unknown): boolean {
  const { kind, code } = describe(originOf(error));
  return connectionFaults.test(kind) || connectionFaults.test(code);
}

/** The typed error for what node-redis threw. An error that is typed already stays as it is. */
export function toSessionError(error: unknown, details: SessionErrorDetails = {}): Error {
  if (error instanceof SessionError || error instanceof TypeError || error instanceof RangeError) {
    return error;
  }
  if (error instanceof UnconfirmedError) return unconfirmed(error, details);
  const { kind, message } = describe(error);
  const cause = { cause: error };
  if (isConnectionFault(error)) {
    return new SessionError(
      'connection_failed',
      'The connection to Redis failed. Check that the server runs and that the URL is right, then repeat the call.',
      { ...details, retryable: true, ...cause },
    );
  }
  if (kind === 'ClientClosedError') {
    return new SessionError(
      'closed',
      'The Redis client is closed. Connect it before the store is used, and close it after.',
      cause,
    );
  }
  const known = replies.find(([pattern]) => pattern.test(message));
  if (known) return new SessionError(known[1], known[2], { ...known[3], ...cause });
  return new SessionError('store_failed', 'Redis reported an error; see its cause.', {
    ...details,
    ...cause,
  });
}

function unconfirmed({ cause }: UnconfirmedError, details: SessionErrorDetails): SessionError {
  const advice =
    cause === undefined
      ? 'it may be lost in a failover or a crash. Repeat it with the same operation id.'
      : 'this server cannot: see the cause. Replicas need WAIT; the disk needs WAITAOF, Redis 7.2 and appendonly.';
  return new SessionError(
    'unconfirmed',
    `The commit was made, and is not confirmed as wanted: ${advice}`,
    { ...details, retryable: cause === undefined, cause },
  );
}

/** What made an error that is typed already. */
function originOf(error: unknown): unknown {
  return error instanceof SessionError ? error.cause : error;
}

/** Not by `instanceof`: Node's own errors are of another realm where the code runs in a vm, as in Jest. */
function describe(error: unknown) {
  if (!isNativeError(error)) return { kind: '', code: '', message: String(error) };
  const code = 'code' in error ? String(error.code) : '';
  return { kind: error.constructor.name, code, message: error.message };
}
