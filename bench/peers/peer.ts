import type { Talk } from './messages.ts';

/** What is done and timed as one. */
export interface Operation {
  /** Adds so many messages, reads the last so many, or reads all. */
  readonly kind: 'append' | 'last' | 'all';
  /** @defaultValue 0, for all */
  readonly messages: number;
}

/** A conversation to work on, and how many messages it has. */
export interface Session {
  readonly id: string;
  readonly length: number;
}

/** An operation on several conversations at once, in each so many times, one after the other. */
export interface Work {
  readonly operation: Operation;
  readonly sessions: readonly Session[];
  readonly times: number;
}

export interface Timing {
  /** Of each operation. */
  readonly latenciesMs: readonly number[];
  /** From the first to the last. */
  readonly totalMs: number;
}

/** Who keeps conversations here: for comparison, ourselves included. */
export type PeerGroup = 'ours' | 'others' | 'floor';

/** One way to keep conversations, measured beside the others. */
export interface Peer {
  /** Of the process that it runs in. @defaultValue this one */
  readonly pid?: number | undefined;
  /** Makes a conversation, in whatever way is quick. Not timed. */
  fill(session: string, talk: Talk): Promise<void>;
  run(work: Work): Promise<Timing>;
  /** What was said in a conversation, to check the work by. Not timed. */
  contents(session: string): Promise<string[]>;
  close(): Promise<void>;
}
