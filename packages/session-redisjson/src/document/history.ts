import { damagedMessage } from '@agent-sessions/session-core';
import type { Message, Role, SessionError, SessionMark } from '@agent-sessions/session-core';

import { notASession, parseOurMember } from './foreign-document.ts';
import { isHistoryHead } from './replies.validators.ts';
import { decodeMessage } from './stored-message.ts';

/** What to read: what stands between two indices, or the last ones, or those of a role. */
export interface HistoryPart {
  /** Whose session it must be. */
  readonly userId?: string | undefined;
  /** @defaultValue the first */
  readonly from?: number;
  /** Where it ends, before this index. @defaultValue the end */
  readonly to?: number;
  /** Goes without the others. */
  readonly last?: number | undefined;
  readonly role?: Role | undefined;
}

/** A part of a session's history, as of one moment. */
export interface History {
  /** Without those that cannot be read. */
  readonly messages: readonly Message[];
  /** Index in history of the first that was read; 0 for what a filter has found. */
  readonly first: number;
  /** By their indices, those that cannot be read. */
  readonly damages: ReadonlyMap<number, SessionError>;
  /**
   * What was read does not go with the length: the Python class counts after it has added, and may
   * have ended between; or somebody has written between the two answers.
   */
  readonly isTorn: boolean;
  /** The id of the first, also where that is damaged. */
  readonly firstId: string | null;
  readonly mark: SessionMark;
}

const headPaths = [
  '$.session_id',
  '$.user_id',
  '$.created_at',
  '$.agent_sessions',
  '$.metadata.message_count',
];
const lastIdPath = '$.messages[-1:].id';

/** The paths that read a part of history, and with it which it is: Redis takes its time for each. */
export function historyPaths(part: HistoryPart): string[] {
  const paths = [...headPaths, messagesPath(part)];
  if (!isTail(part)) paths.push(lastIdPath);
  return paths;
}

/** Whether the last message is read. */
function isTail({ last, role, to }: HistoryPart): boolean {
  return role === undefined && last !== 0 && to === undefined;
}

/** Whether all is read from an index on, so that the length of history shows. */
export function isRest(part: HistoryPart): boolean {
  return isTail(part) && part.last === undefined;
}

/** The only JSONPaths with something variable in them: whole numbers and the names of roles. */
function messagesPath({ from = 0, to, last, role }: HistoryPart): string {
  if (last === 0) return '$.messages[0:0]';
  // What a filter finds cannot be sliced by the server.
  if (role !== undefined) return `$.messages[?(@.role=="${role}")]`;
  return last === undefined ? `$.messages[${from}:${to ?? ''}]` : `$.messages[-${last}:]`;
}

/**
 * The history in what `JSON.GET` of {@link historyPaths} answered; `undefined` for no document, and
 * for one of another user.
 *
 * @param length - how many messages there are, as was asked beside a part that does not show it
 * @throws SessionError `not_a_session` or `unsupported_schema`
 */
export function parseHistory(
  sessionId: string,
  part: HistoryPart,
  reply: unknown,
  length: number | undefined,
): History | undefined {
  if (reply === null) return undefined;
  if (!isHistoryHead(reply) || reply['$.session_id'][0] !== sessionId) throw notASession(sessionId);
  const { userId, from = 0, last } = part;
  if (userId !== undefined && userId !== reply['$.user_id'][0]) return undefined;
  const ours = parseOurMember(sessionId, reply['$.agent_sessions']);
  const records: unknown = Reflect.get(reply, messagesPath(part));
  if (!Array.isArray(records)) throw notASession(sessionId, 'messages');

  const count = reply['$.metadata.message_count'][0];
  const end = isRest(part) ? from + records.length : count;
  const first = last === undefined ? from : end - records.length;
  const damages = new Map<number, SessionError>();
  const messages = decodeMessages(sessionId, records, first, (damage, index) =>
    damages.set(index, damage),
  );
  const lastId = isTail(part) ? idOf(records.at(-1)) : idText(reply[lastIdPath]?.[0]);
  return {
    messages,
    first,
    damages,
    isTorn: !isRest(part) && length !== count,
    firstId: idOf(records[0]),
    mark: {
      epoch: ours?.epoch ?? pythonEpoch(sessionId, reply['$.created_at'][0]),
      generation: ours?.generation ?? 0,
      length: end,
      lastId,
    },
  };
}

/**
 * A session that Python wrote goes by the time of its creation until its first commit here, and
 * after it: the commit script makes the same of it, digit by digit.
 */
function pythonEpoch(sessionId: string, createdAt: number): string {
  const microseconds = Math.floor(createdAt * 1_000_000);
  if (Number.isFinite(microseconds)) return String(BigInt(microseconds));
  throw notASession(sessionId, 'created_at');
}

/** The id of a record, whatever it is. */
function idOf(record: unknown): string | null {
  const isObject = typeof record === 'object' && record !== null && 'id' in record;
  return isObject ? idText(record.id) : null;
}

function idText(id: unknown): string | null {
  return typeof id === 'string' && id !== '' ? id : null;
}

/**
 * Whether history only grew since a mark, as far as it was read: from the mark's last message on.
 */
export function isContinuedBy(since: SessionMark, { mark, firstId }: History): boolean {
  if (since.epoch !== mark.epoch || since.generation !== mark.generation) return false;
  // The Python class clears a history without moving its generation.
  return since.length === 0 || (mark.length >= since.length && firstId === since.lastId);
}

/**
 * The messages that records stand for, without those that `onDamaged` was told of.
 *
 * @param first - index in history of the first
 */
export function decodeMessages(
  sessionId: string,
  records: readonly unknown[],
  first: number,
  onDamaged: (damage: SessionError, index: number) => void,
): Message[] {
  return records.flatMap((record, position) => {
    try {
      return decodeMessage(record);
    } catch (cause) {
      const index = first + position;
      onDamaged(damagedMessage(sessionId, index, cause), index);
      return [];
    }
  });
}
