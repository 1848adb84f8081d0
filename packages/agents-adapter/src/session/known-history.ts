import type { Message, SessionMark } from '@agent-sessions/session-core';

/** Positions in a history, from the first on and without the last. */
type Range = readonly [from: number, to: number];

/**
 * What somebody knows of a history: what was read at first and what was written since, between which
 * others may have written. Never changes.
 */
export class KnownHistory {
  /** The history as it was last seen; `null` where there was none. */
  readonly mark: SessionMark | null;
  /** How many of its first messages were read. */
  readonly #read: number;
  readonly #written: readonly Range[];

  private constructor(mark: SessionMark | null, read: number, written: readonly Range[]) {
    this.mark = mark;
    this.#read = read;
    this.#written = written;
  }

  /** All that was there, or its first messages only. */
  static upTo(mark: SessionMark | null, read = mark?.length ?? 0): KnownHistory {
    return new KnownHistory(mark, read, []);
  }

  /** Whether nobody else has written, up to the mark. */
  get isWhole(): boolean {
    const known = this.#written.reduce((sum, [from, to]) => sum + to - from, this.#read);
    return known === (this.mark?.length ?? 0);
  }

  has(index: number): boolean {
    return index < this.#read || this.#written.some(([from, to]) => from <= index && index < to);
  }

  /** Whether a history is this one, and what was added to it. */
  isContinuedBy(mark: SessionMark | null, messages: readonly Message[]): boolean {
    if (!this.#isBefore(mark)) return false;
    const { length = 0, lastId = null } = this.mark ?? {};
    return messages.length >= length && (messages[length - 1]?.id ?? null) === lastId;
  }

  /**
   * With what a commit has added; as it is where history has not only grown since.
   *
   * @param after - the mark that the commit has answered
   */
  grown(after: SessionMark, count: number): KnownHistory {
    if (!this.#isBefore(after)) return this;
    const isNewest = after.length >= (this.mark?.length ?? 0);
    const written = joined(this.#written, [after.length - count, after.length]);
    return new KnownHistory(isNewest ? after : this.mark, this.#read, written);
  }

  /**
   * With the new tail that a commit has given it; as it is where it was no longer this history.
   *
   * @param before - the mark that the commit expected
   * @param kept - how many messages it has left
   */
  replaced(before: SessionMark | null, kept: number, after: SessionMark): KnownHistory {
    if (!this.#isBefore(before)) return this;
    const left = this.#written.map(([from, to]): Range => [from, Math.min(to, kept)]);
    const written = joined(
      left.filter(([from, to]) => from < to),
      [kept, after.length],
    );
    return new KnownHistory(after, Math.min(this.#read, kept), written);
  }

  /** Without what was read from a position on. */
  cutAt(position: number): KnownHistory {
    return new KnownHistory(this.mark, Math.min(this.#read, position), this.#written);
  }

  #isBefore(mark: SessionMark | null): boolean {
    if (this.mark === null) return true;
    return mark?.epoch === this.mark.epoch && mark.generation === this.mark.generation;
  }
}

function joined(ranges: readonly Range[], [from, to]: Range): readonly Range[] {
  const last = ranges.at(-1);
  return last?.[1] === from ? [...ranges.slice(0, -1), [last[0], to]] : [...ranges, [from, to]];
}
