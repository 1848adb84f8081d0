import type { SessionUsage } from '../contract/store.ts';

/** The usage of a session that has used nothing. */
export const noUsage: SessionUsage = {
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
};

/** The names of the numbers that make a usage. */
export const usageNumbers: readonly (keyof SessionUsage)[] = [
  'requests',
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'cachedInputTokens',
  'reasoningTokens',
];

/** The sum of two usages. */
export function addUsage(usage: SessionUsage, more: Partial<SessionUsage>): SessionUsage {
  const sum = (name: keyof SessionUsage) => usage[name] + (more[name] ?? 0);
  return {
    requests: sum('requests'),
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    totalTokens: sum('totalTokens'),
    cachedInputTokens: sum('cachedInputTokens'),
    reasoningTokens: sum('reasoningTokens'),
  };
}
