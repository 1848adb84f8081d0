import { outOfRange } from '@agent-sessions/session-core';
import type { AgentInputItem } from '@openai/agents-core';

import { answerOf, callerOf, callOf } from './calls.ts';

/** How much of a history a model gets; all of it where neither is given. */
export interface WindowLimits {
  /** At most so many turns. A turn begins with what the user says. */
  readonly turns?: number | undefined;
  /** At most so many tokens. */
  readonly tokens?: number | undefined;
  /** Tokens of one item. @defaultValue a fourth of the characters of its JSON text */
  readonly countTokens?: ((item: AgentInputItem) => number) | undefined;
}

/**
 * The last items of a history, as many as the limits allow, without tearing apart what a model
 * refuses to take in parts: a call and its result, calls made in parallel, a program and what it
 * calls, an approval and what was asked, reasoning and what follows it. Where a limit falls inside
 * of these, they are left out. A result whose call is not among the items is left out too, with
 * all that comes before it; a call that has no result yet is not.
 *
 *     run(agent, input, { session, sessionInputCallback: (history, added) =>
 *       [...windowItems(history, { turns: 20 }), ...added] });
 *
 * @throws RangeError `invalid_argument` where a limit is no whole number; zero or less gives none
 */
export function windowItems(
  items: readonly AgentInputItem[],
  { turns, tokens, countTokens = estimateTokens }: WindowLimits,
): AgentInputItem[] {
  const start = Math.max(
    turns === undefined ? 0 : startOfTurns(items, whole('turns', turns)),
    tokens === undefined ? 0 : startOfTokens(items, whole('tokens', tokens), countTokens),
  );
  const ends = endsOfWholes(items);
  let end = -1;
  for (let cut = 0; cut < items.length; cut += 1) {
    end = Math.max(end, ends.get(cut - 1) ?? -1);
    if (cut >= start && cut > end) return items.slice(cut);
  }
  return [];
}

function whole(field: string, limit: number): number {
  if (Number.isSafeInteger(limit)) return limit;
  throw outOfRange(field, 'must be a whole number.');
}

function startOfTurns(items: readonly AgentInputItem[], turns: number): number {
  if (turns <= 0) return items.length;
  const starts = items.flatMap((item, index) =>
    isOfUser(item) && !isOfUser(items[index - 1]) ? [index] : [],
  );
  return starts.at(-turns) ?? 0;
}

function isOfUser(item: AgentInputItem | undefined): boolean {
  return item !== undefined && 'role' in item && item.role === 'user';
}

function startOfTokens(
  items: readonly AgentInputItem[],
  tokens: number,
  countTokens: (item: AgentInputItem) => number,
): number {
  let sum = 0;
  // Asked whether they fit, so that a count which is no number does not pass for a small one.
  const misfit = items.findLastIndex((item) => !((sum += countTokens(item)) <= tokens));
  return misfit + 1;
}

function estimateTokens(item: AgentInputItem): number {
  return Math.ceil(JSON.stringify(item).length / 4);
}

/**
 * Where each whole of several items ends, by the index of the item that it begins with; -1 for
 * what has lost its beginning.
 */
function endsOfWholes(items: readonly AgentInputItem[]): Map<number, number> {
  const ends = new Map<number, number>();
  const calls = new Map<string, number>();
  // A tool search may have no id: its output answers the first that is open.
  const searches: number[] = [];
  const holdTogether = (from: number, to: number) =>
    ends.set(from, Math.max(to, ends.get(from) ?? to));

  items.forEach((item, index) => {
    if (item.type === 'reasoning' && index + 1 < items.length) holdTogether(index, index + 1);
    const program = callerOf(item);
    if (program !== undefined) holdTogether(calls.get(program) ?? -1, index);

    const answered = answerOf(item);
    if (answered !== undefined || item.type === 'tool_search_output') {
      const call = answered === undefined ? searches[0] : calls.get(answered);
      if (call !== undefined && searches.includes(call)) searches.splice(searches.indexOf(call), 1);
      holdTogether(call ?? -1, index);
    }
    const asked = callOf(item);
    const next = items[index + 1];
    // Made in parallel, though some of them may have no result yet.
    if (asked !== undefined && next && callOf(next) !== undefined) holdTogether(index, index + 1);
    // An id that comes again is that of the newest call.
    if (asked !== undefined) calls.set(asked, index);
    if (item.type === 'tool_search_call') searches.push(index);
  });
  return ends;
}
