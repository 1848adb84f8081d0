import { createHash } from 'node:crypto';

import { SessionError } from '../contract/errors.ts';
import type { Message } from '../contract/message.ts';
import { parseJson } from '../driver/parse-json.ts';
import type { SessionLine } from './lines.schema.ts';
import { isEndLine, isHeaderLine, isMessageLine, isSessionLine } from './lines.validators.ts';
import { formatVersion } from './session-lines.ts';

/** A session as an export has it, whole and unchanged: its hash was held against its lines. */
export interface ParsedSession {
  readonly session: SessionLine['session'];
  readonly messages: readonly Message[];
  readonly sha256: string;
}

/**
 * The sessions of an export, one after the other, each when all of it has been read.
 *
 * @param lines - each with its end, or without
 * @throws SessionError `damaged_export` naming the line, `unsupported_schema` for a newer form
 */
export async function* parseSessions(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<ParsedSession, void, undefined> {
  let number = 0;
  let reading: SessionReading | undefined;
  for await (const each of lines) {
    number += 1;
    const text = each.replace(/\r?\n$/, '');
    const value = parseLine(text, number);
    if (number === 1) checkHeader(value);
    else if (isSessionLine(value) && !reading) reading = new SessionReading(value.session, text);
    else if (isMessageLine(value) && reading) reading.add(value.message, text);
    else if (isEndLine(value) && reading) {
      yield reading.end(value.end, number);
      reading = undefined;
    } else throw damagedExport(number, 'is not the line that has to follow here');
  }
  if (number === 0) throw damagedExport(1, 'is missing');
  if (reading) throw damagedExport(number + 1, 'is missing: the session before it is torn');
}

class SessionReading {
  readonly #session: ParsedSession['session'];
  readonly #messages: Message[] = [];
  readonly #hash = createHash('sha256');

  constructor(session: ParsedSession['session'], text: string) {
    this.#session = session;
    this.#hash.update(`${text}\n`);
  }

  add(message: Message, text: string): void {
    this.#messages.push(message);
    this.#hash.update(`${text}\n`);
  }

  end(
    { messages, sha256 }: { readonly messages: number; readonly sha256: string },
    number: number,
  ): ParsedSession {
    const isWhole = messages === this.#messages.length && sha256 === this.#hash.digest('hex');
    if (!isWhole) throw damagedExport(number, 'does not match the lines of its session');
    return { session: this.#session, messages: this.#messages, sha256 };
  }
}

function parseLine(text: string, number: number): unknown {
  try {
    return parseJson(text);
  } catch {
    // The parser's error quotes the text.
    throw damagedExport(number, 'is not JSON');
  }
}

function checkHeader(value: unknown): void {
  if (!isHeaderLine(value))
    throw damagedExport(1, 'does not say that this is an export of sessions');
  if (value.version <= formatVersion) return;
  throw new SessionError(
    'unsupported_schema',
    'The export was written by a newer version of this library; nothing was imported. Update this one.',
  );
}

function damagedExport(number: number, fault: string): SessionError {
  return new SessionError(
    'damaged_export',
    `Line ${number} of the export ${fault}. Sessions before it are whole, and those were imported: get the rest anew, and import it again, which changes nothing of what is there.`,
    { field: `line ${number}` },
  );
}
