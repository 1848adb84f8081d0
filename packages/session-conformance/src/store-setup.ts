import type { SessionStore, SessionStoreCapabilities } from '@agent-sessions/session-core';

/** What the kit must know of a driver to test it. */
export interface StoreSetup {
  /** Names the driver in the report. */
  readonly name: string;
  /** What the driver claims: cases that need more are skipped. */
  readonly capabilities: SessionStoreCapabilities;
  /**
   * Prepares an empty place for one case, which no other case and nobody else sees: a key prefix,
   * a schema, a folder. It is called once for each case that runs. A driver that claims neither
   * `durable` nor `sharedWriters` may answer a store that is its own place.
   */
  create(): StoreUnderTest | SessionStore | Promise<StoreUnderTest | SessionStore>;
  /**
   * Milliseconds in which each call of the store and of this set-up must have answered.
   * @defaultValue 10000
   */
  readonly deadlineMs?: number | undefined;
}

/** An empty place for sessions, and the stores that work on it. */
export interface StoreUnderTest {
  /**
   * Opens one more store on this place, as another process would: with a connection of its own.
   * Only cases that need `durable` or `sharedWriters` open more than one.
   */
  open(): SessionStore | Promise<SessionStore>;
  /** Ends what `open` left open and removes the place. The kit has closed all the stores by then. */
  dispose?(): void | Promise<void>;
}
