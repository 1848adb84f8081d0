import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';

/** One peer at one kind of work, so many at once. Times in µs, sizes in bytes, all for one operation. */
export const Row = Type.Object({
  work: Type.String(),
  peer: Type.String(),
  inFlight: Type.Integer(),
  /** How many operations were timed. */
  operations: Type.Integer(),
  p50Us: Type.Number(),
  p99Us: Type.Number(),
  perSecond: Type.Number(),
  /** Of the server: in commands, and of its main thread with all it does; `null` without a server. */
  commandUs: Type.Union([Type.Number(), Type.Null()]),
  cpuUs: Type.Union([Type.Number(), Type.Null()]),
  sentBytes: Type.Union([Type.Number(), Type.Null()]),
  receivedBytes: Type.Union([Type.Number(), Type.Null()]),
});
export type Row = Static<typeof Row>;

/** Turns of the SDK's Runner on histories of one length. Times in µs, for one turn. */
export const TurnRow = Type.Object({
  peer: Type.String(),
  length: Type.Integer(),
  turns: Type.Integer(),
  p50Us: Type.Number(),
  /** The part of it that is spent in the session, reading and adding. */
  sessionP50Us: Type.Number(),
  /** Time of the server in commands. */
  serverUs: Type.Union([Type.Number(), Type.Null()]),
  receivedBytes: Type.Union([Type.Number(), Type.Null()]),
});
export type TurnRow = Static<typeof TurnRow>;

/** Memory of the server for a message of so many characters. */
export const MemoryRow = Type.Object({
  peer: Type.String(),
  characters: Type.Integer(),
  bytesPerMessage: Type.Number(),
  /** Bytes of the message as JSON text, as the peer was given it. */
  jsonBytes: Type.Number(),
});
export type MemoryRow = Static<typeof MemoryRow>;

/** Something measured by itself. */
export const Figure = Type.Object({
  what: Type.String(),
  value: Type.Number(),
  unit: Type.String(),
});
export type Figure = Static<typeof Figure>;

/** `NaN`, which meets no goal and no bound, where it was not measured. */
export function figureOf(figures: readonly Figure[], what: string): number {
  return figures.find((figure) => figure.what === what)?.value ?? Number.NaN;
}

export const Goal = Type.Object({
  work: Type.String(),
  goal: Type.String(),
  measured: Type.Number(),
  isMet: Type.Boolean(),
  /** What stands in the way where it is not. */
  why: Type.String(),
});
export type Goal = Static<typeof Goal>;

/** All that one run has measured. */
export const Results = Type.Object({
  date: Type.String(),
  quick: Type.Boolean(),
  seconds: Type.Integer(),
  machine: Type.Object({
    cpu: Type.String(),
    cores: Type.Integer(),
    os: Type.String(),
    /** Where the server and its clients ran. */
    placement: Type.String(),
  }),
  versions: Type.Record(Type.String(), Type.String()),
  peers: Type.Array(
    Type.Object({ name: Type.String(), group: Type.String(), about: Type.String() }),
  ),
  /** Peers that could not take part, and why. */
  absent: Type.Array(Type.Object({ name: Type.String(), reason: Type.String() })),
  rows: Type.Array(Row),
  growth: Type.Array(Row),
  /** Where every way to Redis and back takes a millisecond more. */
  distant: Type.Array(Row),
  turns: Type.Array(TurnRow),
  memory: Type.Array(MemoryRow),
  long: Type.Array(Figure),
  guarantees: Type.Array(Figure),
  startUp: Type.Array(Figure),
  /** Of transcripts that are like real ones. */
  realItems: Type.Array(Figure),
  goals: Type.Array(Goal),
});
export type Results = Static<typeof Results>;

const results = Compile(Results);

/** @throws TypeError where the text is no results of this version */
export function parseResults(text: string): Results {
  const value: unknown = JSON.parse(text);
  if (results.Check(value)) return value;
  throw new TypeError('These are no results of this benchmark: run npm run bench -- --publish.');
}
