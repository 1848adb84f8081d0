import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';

const Mark = Type.Object({
  epoch: Type.String(),
  generation: Type.Integer(),
  length: Type.Integer(),
  lastId: Type.Union([Type.String(), Type.Null()]),
});

/** Written before a commit is sent: all that is needed to send it again as it was. */
const Begun = Type.Object({
  kind: Type.Literal('begun'),
  /** Counts the operations of a client, from 0. */
  number: Type.Integer(),
  operationId: Type.String(),
  session: Type.String(),
  drop: Type.Union([Type.Integer(), Type.Literal('all')]),
  /** The names of the messages to add; see `messageOf`. */
  append: Type.Array(Type.String()),
  expect: Type.Union([Mark, Type.Null()]),
});
export type Begun = Static<typeof Begun>;

/** Written when it is known what became of it: acknowledged, or refused as a conflict. */
const Ended = Type.Object({
  kind: Type.Literal('ended'),
  operationId: Type.String(),
  /** Of the clock of this machine: which is that of all who take part. */
  atMs: Type.Number(),
  refused: Type.Boolean(),
  repeated: Type.Boolean(),
  /** How often it was sent. */
  tries: Type.Integer(),
  mark: Type.Union([Mark, Type.Null()]),
  /** The names of the messages that were dropped, as answered. */
  dropped: Type.Array(Type.String()),
});
export type Ended = Static<typeof Ended>;

const entry = Compile(Type.Union([Begun, Ended]));
export type Entry = Begun | Ended;

/** What one client did, in a file that it adds to. */
export class Journal {
  readonly #file: number;
  readonly entries: readonly Entry[];

  /** Opens the journal of a client that may have been killed while it wrote. */
  constructor(path: string) {
    this.entries = readJournal(path);
    if (existsSync(path)) truncateSync(path, wholeLines(readFileSync(path)).length);
    this.#file = openSync(path, 'a');
  }

  /** It is with the operating system when this returns, so that killing the client loses nothing. */
  add(added: Entry): void {
    writeSync(this.#file, `${JSON.stringify(added)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

export function readJournal(path: string): Entry[] {
  if (!existsSync(path)) return [];
  const lines = wholeLines(readFileSync(path)).toString().split('\n').filter(Boolean);
  return lines.map((line) => {
    const value: unknown = JSON.parse(line);
    if (!entry.Check(value)) throw new TypeError(`${path} has a line that is no entry: ${line}`);
    return value;
  });
}

/** Without the line at the end that was cut off. */
function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
}
