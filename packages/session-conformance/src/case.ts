import type { SessionStore, SessionStoreCapabilities } from '@agent-sessions/session-core';

export type Capability = keyof SessionStoreCapabilities;

/** One test of one promise of the contract. */
export interface Case {
  /** The sentence of `SessionStore` or `SessionStoreCapabilities` that it tests, word for word. */
  readonly promise: string;
  /** What it tries. No two cases of a promise have the same name. */
  readonly name: string;
  /** The capability without which it says nothing, or several. */
  readonly needs?: Capability | readonly Capability[] | undefined;
  /** @throws Error where the promise is broken */
  run(context: CaseContext): Promise<void>;
}

/** What a case works with. */
export interface CaseContext {
  /** An open store that holds nothing yet. */
  readonly store: SessionStore;
  /** An id for the case's session; most cases need no other. */
  readonly id: string;
  /** Opens one more store on the same sessions. */
  open(): Promise<SessionStore>;
  /** Closes a store before the case ends. */
  close(store: SessionStore): Promise<void>;
}

/** The cases of one promise: what each tries, and how. */
export function promise(
  sentence: string,
  cases: Readonly<Record<string, Case['run']>>,
  needs?: Case['needs'],
): readonly Case[] {
  return Object.entries(cases).map(([name, run]) => ({ promise: sentence, name, needs, run }));
}
