import { damagedMessage, newest } from '@agent-sessions/session-core';
import type { Message, Role, SessionError, SessionMark } from '@agent-sessions/session-core';

import { checkSchema, notASession } from './foreign-document.ts';
import { isHistoryHead } from './replies.validators.ts';
import { decodeMessage } from './stored-message.ts';

/** What to read: from an index on, or the last ones, or those of a role, or the last of a role. */
export interface HistoryPart {
  /** Whose session it must be. */
  readonly userId?: string | undefined;
  readonly from?: number;
  readonly last?: number | undefined;
  readonly role?: Role | undefined;
}

/** A part of a session's history, as of one moment. */
export interface History {
  readonly messages: Message[];
  /** Of messages that were left out because they cannot be read. */
  readonly damages: readonly SessionError[];
  readonly mark: SessionMark;
}

const headPaths = ['$.session_id', '$.created_at', '$.store', '$.metadata.message_count'];
const userPath = '$.user_id';
const lastIdPath = '$.messages[-1:].id';

/** The paths that read a part of history, and with it which it is: Redis takes its time for each. */
export function historyPaths(part: HistoryPart): string[] {
  const paths = [...headPaths, messagesPath(part)];
  if (part.userId !== undefined) paths.push(userPath);
  if (!isTail(part)) paths.push(lastIdPath);
  return paths;
}

/** Whether the last message is read. */
function isTail({ last, role }: HistoryPart): boolean {
  return role === undefined && last !== 0;
}

/** The only JSONPaths with something variable in them: whole numbers and the names of roles. */
function messagesPath({ from = 0, last, role }: HistoryPart): string {
  if (last === 0) return '$.messages[0:0]';
  // What a filter finds cannot be sliced by the server.
  if (role !== undefined) return `$.messages[?(@.role=="${role}")]`;
  return last === undefined ? `$.messages[${from}:]` : `$.messages[-${last}:]`;
}

/**
 * The history in what `JSON.GET` of {@link historyPaths} answered; `undefined` for no document, and
 * for one of another user.
 *
 * @throws SessionError `not_a_session` or `unsupported_schema`
 */
export function parseHistory(
  sessionId: string,
  part: HistoryPart,
  reply: unknown,
): History | undefined {
  if (reply === null) return undefined;
  if (!isHistoryHead(reply) || reply['$.session_id'][0] !== sessionId) throw notASession(sessionId);
  const store = reply['$.store'][0];
  checkSchema(sessionId, store);
  const { userId, from = 0, last } = part;
  if (userId !== undefined && userId !== reply[userPath]?.[0]) return undefined;
  const records: unknown = Reflect.get(reply, messagesPath(part));
  if (!Array.isArray(records)) throw notASession(sessionId);

  const tail = isTail(part);
  const isRest = tail && last === undefined;
  const length = isRest ? from + records.length : reply['$.metadata.message_count'][0];
  const first = tail ? length - records.length : 0;
  const damages: SessionError[] = [];
  const messages = decodeMessages(sessionId, records, (damage) => damages.push(damage), first);
  const lastId = tail ? idOf(records.at(-1)) : reply[lastIdPath]?.[0];
  return {
    messages: newest(messages, last),
    damages,
    mark: {
      // A session that Python wrote has neither until the first commit here; see the commit script.
      epoch: store?.epoch ?? String(Math.floor((reply['$.created_at'][0] ?? 0) * 1_000_000)),
      generation: store?.generation ?? 0,
      length,
      lastId: typeof lastId === 'string' ? lastId : null,
    },
  };
}

/** The id of a record, whatever it is. */
function idOf(record: unknown): unknown {
  return typeof record === 'object' && record !== null && 'id' in record ? record.id : undefined;
}

/**
 * Whether history only grew since a mark, as far as it was read: from the mark's last message on.
 */
export function isContinuedBy(since: SessionMark, { mark, messages }: History): boolean {
  if (since.epoch !== mark.epoch || since.generation !== mark.generation) return false;
  if (since.length === 0) return true;
  // The Python class clears a history without moving its generation.
  return messages[0]?.id === since.lastId;
}

/** The messages that records stand for, without those that `onDamaged` was told of. */
export function decodeMessages(
  sessionId: string,
  records: readonly unknown[],
  onDamaged: (damage: SessionError) => void,
  first = 0,
): Message[] {
  return records.flatMap((record, index) => {
    try {
      return decodeMessage(record);
    } catch (cause) {
      onDamaged(damagedMessage(sessionId, first + index, cause));
      return [];
    }
  });
}

/** What is done about a damaged message unless the caller wants something else. */
export function refuseDamage(damage: SessionError): never {
  throw damage;
}
