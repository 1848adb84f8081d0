import { damagedMessage } from '@agent-sessions/session-core';
import type { Message, Role, SessionMark } from '@agent-sessions/session-core';
import Type from 'typebox';
import { Compile } from 'typebox/compile';

import { notASession, unsupportedSchema } from './foreign-document.ts';
import { decodeMessage } from './stored-message.ts';

/** What to read: from an index on, or the last ones, or those of a role, or the last of a role. */
export interface HistoryPart {
  readonly from?: number;
  readonly last?: number | undefined;
  readonly role?: Role | undefined;
}

/** A part of a session's history, as of one moment. */
export interface History {
  readonly userId: string | null;
  readonly messages: Message[];
  readonly mark: SessionMark;
}

/** The version of the document's form that this driver writes. */
const schemaVersion = 1;

const headPaths = [
  '$.session_id',
  '$.user_id',
  '$.created_at',
  '$.store',
  '$.metadata.message_count',
];

/** `JSON.GET` of several paths answers an object: for each path the values it found. */
const Head = Compile(
  Type.Object({
    '$.session_id': Type.Tuple([Type.String()]),
    '$.user_id': Type.Array(Type.Union([Type.String(), Type.Null()])),
    '$.created_at': Type.Array(Type.Number()),
    '$.store': Type.Array(
      Type.Object({
        schema_version: Type.Number(),
        epoch: Type.String(),
        generation: Type.Integer(),
      }),
    ),
    '$.metadata.message_count': Type.Tuple([Type.Integer()]),
  }),
);

/** The paths that read a part of history, and with it whose and which it is. */
export function historyPaths(part: HistoryPart): string[] {
  return [...headPaths, messagesPath(part)];
}

/** The only JSONPaths with something variable in them: whole numbers and the names of roles. */
function messagesPath({ from = 0, last, role }: HistoryPart): string {
  if (last === 0) return '$.messages[0:0]';
  // What a filter finds cannot be sliced by the server.
  if (role !== undefined) return `$.messages[?(@.role=="${role}")]`;
  return last === undefined ? `$.messages[${from}:]` : `$.messages[-${last}:]`;
}

/**
 * The history in what `JSON.GET` of {@link historyPaths} answered; `undefined` for no document.
 *
 * @throws SessionError `not_a_session`, `unsupported_schema` or `damaged_message`
 */
export function parseHistory(
  sessionId: string,
  part: HistoryPart,
  reply: unknown,
): History | undefined {
  if (reply === null) return undefined;
  if (!Head.Check(reply) || reply['$.session_id'][0] !== sessionId) throw notASession(sessionId);
  const store = reply['$.store'][0];
  if (store && store.schema_version !== schemaVersion) throw unsupportedSchema(sessionId);
  const found: unknown = Reflect.get(reply, messagesPath(part));
  if (!Array.isArray(found)) throw notASession(sessionId);

  const { from = 0, last, role } = part;
  const records: unknown[] =
    last === undefined ? found : found.slice(Math.max(found.length - last, 0));
  const isTail = role === undefined && last !== 0;
  const isRest = isTail && last === undefined;
  const length = isRest ? from + records.length : reply['$.metadata.message_count'][0];
  const messages = decodeMessages(sessionId, records, isTail ? length - records.length : 0);
  return {
    userId: reply['$.user_id'][0] ?? null,
    messages,
    mark: {
      // A session that Python wrote has neither until the first commit here; see the commit script.
      epoch: store?.epoch ?? (reply['$.created_at'][0] ?? 0).toFixed(6),
      generation: store?.generation ?? 0,
      length,
      lastId: (isTail && messages.at(-1)?.id) || null,
    },
  };
}

/**
 * Whether history only grew since a mark, as far as it was read: from the mark's last message on.
 */
export function isContinuedBy(since: SessionMark, { mark, messages }: History): boolean {
  if (since.epoch !== mark.epoch || since.generation !== mark.generation) return false;
  if (since.length === 0) return true;
  // The Python class clears a history without moving its generation.
  return messages.length > 0 && (since.lastId === null || messages[0]?.id === since.lastId);
}

/** @throws SessionError `damaged_message` naming the index, counted from `first` */
export function decodeMessages(
  sessionId: string,
  records: readonly unknown[],
  first = 0,
): Message[] {
  return records.map((record, index) => {
    try {
      return decodeMessage(record);
    } catch (cause) {
      throw damagedMessage(sessionId, first + index, cause);
    }
  });
}
