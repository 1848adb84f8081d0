import type { CheckedCommit, Commit } from '@agent-sessions/session-core';

/** A commit for the store beneath, without the fingerprint: that is a plain hash of the content. */
export type Change = Omit<
  CheckedCommit,
  'newEpoch' | 'nowMs' | 'fingerprint' | 'appendTokens' | 'touches' | keyof Beside
> &
  Beside & { readonly intent: string };
type Beside = Pick<Commit, 'state' | 'expectState' | 'usage'>;

/** All of it but for what is encrypted. */
export function changeOf(commit: CheckedCommit): Omit<Change, 'intent' | 'state'> {
  const { newEpoch: _1, nowMs: _2, fingerprint: _3, appendTokens: _4, ...rest } = commit;
  const { touches, state: _5, expectState, usage, ...change } = rest;
  const isUsed = Object.keys(usage).length > 0;
  return {
    ...change,
    expectState: expectState.size > 0 ? Object.fromEntries(expectState) : undefined,
    // To name it, even with nothing in it, is to commit beside the history.
    usage: isUsed || !touches ? usage : undefined,
  };
}

/** Whether it answers messages of the store beneath, which must be decrypted. */
export function answersTail({ returnDropped, drop }: Change): boolean {
  return returnDropped && drop > 0;
}
