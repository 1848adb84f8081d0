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
    /NOAUTH|WRONGPASS/,
    'permission_denied',
    'Redis refused the credentials. Correct the user and password in the URL.',
    {},
  ],
  [
    /\bOOM\b/,
    'unavailable',
    'Redis is out of memory; nothing was written. Raise maxmemory or delete data, then repeat the call.',
    { retryable: true },
  ],
  [
    /READONLY|read only replica|LOADING|BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|EXECABORT/,
    'unavailable',
    'Redis does not write at the moment; nothing was written. Repeat the call.',
    { retryable: true },
  ],
];

/** Errors of node-redis and of Node's sockets that mean the connection, by name or code. */
const connectionFaults =
  /^(SocketClosedUnexpectedlyError|ConnectionTimeoutError|SocketTimeoutError|ClientOfflineError|DisconnectsClientError|RootNodesUnavailableError|ReconnectStrategyError|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|NR_CLOSED|UNCERTAIN_STATE)$/;

/** Whether an error says that the connection was lost, so that the outcome of a command is unknown. */
export function isConnectionFault(error: unknown): boolean {
  const { kind, code } = describe(error);
  return connectionFaults.test(kind) || connectionFaults.test(code);
}

/** The typed error for what node-redis threw. An error that is typed already stays as it is. */
export function toSessionError(error: unknown, details: SessionErrorDetails = {}): Error {
  if (error instanceof SessionError || error instanceof TypeError || error instanceof RangeError) {
    return error;
  }
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

/** Not by `instanceof`: Node's own errors are of another realm where the code runs in a vm, as in Jest. */
function describe(error: unknown) {
  if (!isNativeError(error)) return { kind: '', code: '', message: String(error) };
  const code = 'code' in error ? String(error.code) : '';
  return { kind: error.constructor.name, code, message: error.message };
}
