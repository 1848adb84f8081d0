import { isStateName, parseJson, stringifyJson } from '@agent-sessions/session-core';
import type { JsonValue, StateValue } from '@agent-sessions/session-core';

import { notASession, parseOurMember } from './foreign-document.ts';
import { isKeptExactly } from './kept-exactly.ts';
import { isStateHead, isStoredValue } from './replies.validators.ts';

/** Changes of named values, as the document takes them. */
export interface EncodedValues {
  /** Values to set natively, as JSON text. */
  readonly native: ReadonlyMap<string, string>;
  /** Those that RedisJSON would not give back exactly, as JSON text, too. */
  readonly exact: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

export function encodeValues(values: ReadonlyMap<string, JsonValue>): EncodedValues {
  const native = new Map<string, string>();
  const exact = new Map<string, string>();
  const removed: string[] = [];
  for (const [name, value] of values) {
    if (value === null) removed.push(name);
    else (isKeptExactly(value) ? native : exact).set(name, stringifyJson(value));
  }
  return { native, exact, removed };
}

const headPaths = ['$.session_id', '$.user_id', '$.agent_sessions', '$.state_revisions'];
const nativePath = (name: string) => `$.state["${name}"]`;
const exactPath = (name: string) => `$.state_exact["${name}"]`;

/** What is read for named values. Names are such that they can stand in a path. */
export function valuesPaths(names: readonly string[] | undefined): string[] {
  if (names === undefined) return [...headPaths, '$.state', '$.state_exact'];
  return [...headPaths, ...names.flatMap((name) => [nativePath(name), exactPath(name)])];
}

/**
 * The values in what `JSON.GET` of {@link valuesPaths} answered: none where there is no document,
 * or one of another user.
 *
 * @throws SessionError `not_a_session` or `unsupported_schema`
 */
export function parseValues(
  sessionId: string,
  userId: string | undefined,
  names: readonly string[] | undefined,
  reply: unknown,
): Readonly<Record<string, StateValue>> {
  if (reply === null) return {};
  if (!isStateHead(reply) || reply['$.session_id'][0] !== sessionId) throw notASession(sessionId);
  if (userId !== undefined && userId !== reply['$.user_id'][0]) return {};
  parseOurMember(sessionId, reply['$.agent_sessions']);

  const found = names === undefined ? allValues(reply) : namedValues(names, reply);
  const revisions = membersOf(reply['$.state_revisions'][0]);
  const values = Array.from(found).flatMap(([name, { native, exact }]) => {
    const value = typeof exact === 'string' ? parseExact(sessionId, exact) : native;
    if (value === undefined || !isStoredValue(value)) return [];
    const revision = revisions.get(name);
    // What another program has put there was set by no commit.
    return [[name, { value, revision: typeof revision === 'number' ? revision : 0 }] as const];
  });
  return Object.fromEntries(values);
}

/** Where a value may stand: natively, or as exact text. */
interface Found {
  readonly native: unknown;
  readonly exact: unknown;
}

/** Of a document's own `state` only what is named as values are. */
function allValues(reply: object): Map<string, Found> {
  const natives = membersOf(valueAt(reply, '$.state'));
  const exacts = membersOf(valueAt(reply, '$.state_exact'));
  const names = [...natives.keys(), ...exacts.keys()].filter(isStateName);
  return new Map(
    names.map((name) => [name, { native: natives.get(name), exact: exacts.get(name) }]),
  );
}

function namedValues(names: readonly string[], reply: object): Map<string, Found> {
  const values = names.map((name) => {
    const native = valueAt(reply, nativePath(name));
    return [name, { native, exact: valueAt(reply, exactPath(name)) }] as const;
  });
  return new Map(values);
}

function valueAt(reply: object, path: string): unknown {
  const found: unknown = Reflect.get(reply, path);
  return Array.isArray(found) ? found[0] : undefined;
}

/** Those of an object; none of anything else. Not by index: a value may be called `constructor`. */
function membersOf(value: unknown): Map<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return new Map(isObject ? Object.entries<unknown>({ ...value }) : []);
}

function parseExact(sessionId: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // Its error would quote the text.
    throw notASession(sessionId, 'state_exact');
  }
}
