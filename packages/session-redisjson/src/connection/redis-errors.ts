import { isNativeError } from 'node:util/types';

import { SessionError } from '@agent-sessions/session-core';
import type { SessionErrorDetails } from '@agent-sessions/session-core';

import {
  connectionFaults,
  endings,
  lost,
  neverConnected,
  nodeOfCluster,
  type RedisFault,
  replies,
} from './redis-faults.ts';

/** The change was made, and is not known to be as safe as it should be. */
export class UnconfirmedError extends Error {
  override readonly name = 'UnconfirmedError';

  /** @param cause - why it cannot be confirmed at all, where that is so */
  constructor(cause?: unknown) {
    super('The change is not confirmed.', { cause });
  }
}

/** A refusal after which the same call is made on another connection, where it may be accepted. */
export class RefusedByConnectionError extends Error {
  override readonly name = 'RefusedByConnectionError';
}

/** A connection that was lost while the answer to another command was due. */
export class LostBesideError extends Error {
  override readonly name = 'LostBesideError';
}

/** Whether an error says that the connection cannot be made or was lost. */
export function isConnectionFault(error: unknown): boolean {
  return connectionFaultOf(error)?.passes === true;
}

/** Whether nothing can have been sent, where a connection is at fault. */
export function isNeverSent(error: unknown): boolean {
  return matches(neverConnected, error);
}

/** Whether the server ended the connection while it was this command's turn, as far as is known. */
export function isEnding(error: unknown): boolean {
  return !(error instanceof LostBesideError) && matches(endings, error);
}

/** Whether the server refused because it is a replica; then nothing was changed. */
export function isReadOnly(error: unknown): boolean {
  return matches(/READONLY|read only replica/, error);
}

/** Where a node of a cluster sends the client for a key: for good, or for this once. */
export function redirectionOf(
  error: unknown,
): { readonly isAsked: boolean; readonly address: string } | undefined {
  const [, kind, address] = /^(MOVED|ASK) \d+ (\S+)/.exec(messageOf(error)) ?? [];
  return address === undefined ? undefined : { isAsked: kind === 'ASK', address };
}

/** Whether the server refused, and will not do so for long. */
export function isPassing(error: unknown, isCluster: boolean): boolean {
  if (error instanceof RefusedByConnectionError) return true;
  if (!isCluster && matches(nodeOfCluster.pattern, error)) return false;
  return replyOf(error)?.passes === true;
}

/** The typed error for what node-redis threw. An error that is typed already stays as it is. */
export function toSessionError(
  error: unknown,
  details: SessionErrorDetails,
  isCluster: boolean,
): Error {
  if (error instanceof SessionError || isInvalidArgument(error)) return error;
  if (error instanceof RefusedByConnectionError || error instanceof LostBesideError) {
    if (error.cause !== undefined) return toSessionError(error.cause, details, isCluster);
  }
  if (error instanceof UnconfirmedError) return unconfirmed(error, details);
  const fault = connectionFaultOf(error);
  if (fault) return asSessionError(fault, error, details);
  if (isClosed(error)) {
    return new SessionError(
      'closed',
      'The Redis client is closed. Connect it before the store is used, and close it after.',
      { cause: error },
    );
  }
  const reply =
    !isCluster && matches(nodeOfCluster.pattern, error) ? nodeOfCluster : replyOf(error);
  if (reply) return asSessionError(reply, error, {});
  return new SessionError('store_failed', 'Redis reported an error; see its cause.', {
    ...details,
    cause: error,
  });
}

/** The error for a command that has ended one connection after the other. */
export function tooLarge(error: unknown, details: SessionErrorDetails): SessionError {
  return new SessionError(
    'connection_failed',
    'Redis ended the connection each time that it was to answer this call. What is asked for or sent may be larger than it allows: see client-output-buffer-limit (answers), proto-max-bulk-len and client-query-buffer-limit (requests), and the log of the server. Read less at once, or raise the limit.',
    { ...details, retryable: true, cause: error },
  );
}

function asSessionError(
  { code, advice, retryable }: RedisFault,
  cause: unknown,
  details: SessionErrorDetails,
): SessionError {
  return new SessionError(code, advice, { ...details, retryable, cause });
}

function unconfirmed({ cause }: UnconfirmedError, details: SessionErrorDetails): SessionError {
  const advice =
    cause === undefined
      ? 'it may be lost in a failover or a crash. Repeat it with the same operation id.'
      : 'this server cannot: see the cause. Replicas need WAIT; the disk needs WAITAOF, Redis 7.2 and appendonly.';
  return new SessionError(
    'unconfirmed',
    `The commit was made, and is not confirmed as wanted: ${advice}`,
    { ...details, outcome: 'unknown', retryable: cause === undefined, cause },
  );
}

function connectionFaultOf(error: unknown): RedisFault | undefined {
  if (error instanceof LostBesideError) return lost;
  return connectionFaults.find(({ pattern }) => matches(pattern, error));
}

function replyOf(error: unknown): RedisFault | undefined {
  return replies.find(({ pattern }) => matches(pattern, error));
}

function isClosed(error: unknown): boolean {
  return matches(/^(ClientClosedError|The client is closed|Cluster closed)$/, error);
}

function isInvalidArgument(error: unknown): error is Error {
  return isNativeError(error) && 'code' in error && error.code === 'invalid_argument';
}

/** Not by `instanceof`: Node's own errors are of another realm where the code runs in a vm, as in Jest. */
function matches(pattern: RegExp, error: unknown): boolean {
  if (pattern.test(messageOf(error))) return true;
  if (!isNativeError(error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return pattern.test(error.constructor.name) || pattern.test(code);
}

function messageOf(error: unknown): string {
  return isNativeError(error) ? error.message : String(error);
}
