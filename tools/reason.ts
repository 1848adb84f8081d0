import { isNativeError } from 'node:util/types';

/** What an error says, with what its causes say, in one line. */
export function reasonOf(error: unknown): string {
  // Not `instanceof`: under Jest, the errors of Node are of another realm.
  if (!isNativeError(error)) return String(error);
  // A connection refused on both IPv4 and IPv6 is one error with two in it and no message.
  const several = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  const message = error.message || several.map(reasonOf).join(', ') || error.name;
  return error.cause === undefined ? message : `${message}: ${reasonOf(error.cause)}`;
}
