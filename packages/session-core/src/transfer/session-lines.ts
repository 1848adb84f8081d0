import { createHash } from 'node:crypto';

import type { JsonValue, Message } from '../contract/message.ts';
import type { SessionMetadata } from '../contract/store.ts';
import { copyJsonObject, stringifyJson } from '../driver/json.ts';

/*
 * The form of an export: lines of JSON, exact as `stringifyMessage` writes it.
 *
 *     {"format":"agent-sessions","version":1}
 *     {"session":{…metadata,"state":{…}}}        for each session
 *     {"message":{…}}                            for each of its messages, in order
 *     {"end":{"messages":12,"sha256":"…"}}       of the lines of the session before this one
 */

/** The version of this form. */
export const formatVersion = 1;

/** A session as an export holds it. */
export interface ExportedSession {
  readonly metadata: SessionMetadata;
  readonly state: Readonly<Record<string, JsonValue>>;
  readonly messages: readonly Message[];
}

export const headerLine = line({ format: 'agent-sessions', version: formatVersion });

/** The lines of a session, each with its end. */
export function* linesOf({ metadata, state, messages }: ExportedSession): Generator<string> {
  const hash = createHash('sha256');
  const session = { ...copyJsonObject(metadata, 'metadata'), state: { ...state } };
  const first = line({ session });
  hash.update(first);
  yield first;
  for (const message of messages) {
    const next = line({ message: { ...message } });
    hash.update(next);
    yield next;
  }
  yield line({ end: { messages: messages.length, sha256: hash.digest('hex') } });
}

function line(value: JsonValue): string {
  return `${stringifyJson(value)}\n`;
}
