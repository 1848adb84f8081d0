import type { AgentInputItem } from '@openai/agents-core';

/** The results by which calls are answered, and the calls. */
const callTypes: ReadonlyMap<string, string> = new Map([
  ['function_call_result', 'function_call'],
  ['computer_call_result', 'computer_call'],
  ['shell_call_output', 'shell_call'],
  ['apply_patch_call_output', 'apply_patch_call'],
  ['tool_search_output', 'tool_search_call'],
  ['program_output', 'program'],
]);
const isCallType = new Set(callTypes.values());

/** What names the call that an item makes. */
export function callOf(item: AgentInputItem): string | undefined {
  const type = item.type ?? '';
  if (isApproval(item, 'request')) {
    return nameOf('approval', item.providerData?.['id'] ?? item.id);
  }
  return isCallType.has(type) ? nameOf(type, callIdOf(item)) : undefined;
}

/** What names the call that an item answers. */
export function answerOf(item: AgentInputItem): string | undefined {
  if (isApproval(item, 'response')) {
    return nameOf('approval', item.providerData?.['approval_request_id']);
  }
  const type = callTypes.get(item.type ?? '');
  return type === undefined ? undefined : nameOf(type, callIdOf(item));
}

/** What names the program that has made a call. */
export function callerOf(item: AgentInputItem): string | undefined {
  const caller = 'caller' in item ? item.caller : undefined;
  return caller?.type === 'program' ? nameOf('program', caller.callerId) : undefined;
}

function nameOf(type: string, id: unknown): string | undefined {
  return typeof id === 'string' ? `${type} ${id}` : undefined;
}

/** Hosted MCP tools are approved by items of their own. */
function isApproval(
  item: AgentInputItem,
  part: 'request' | 'response',
): item is Extract<AgentInputItem, { type: 'hosted_tool_call' }> {
  const name = `mcp_approval_${part}`;
  return (
    item.type === 'hosted_tool_call' && (item.name === name || item.providerData?.['type'] === name)
  );
}

function callIdOf(item: AgentInputItem): unknown {
  const callId: unknown = 'callId' in item ? item.callId : undefined;
  return callId ?? ('call_id' in item ? item.call_id : undefined);
}

/**
 * Whether something that is added answers a call that is neither added nor in the history before.
 * A model gets both from the last compaction on, and takes a result without its call for an error,
 * in every later turn.
 */
export function answersNoCall(
  added: readonly AgentInputItem[],
  history: readonly AgentInputItem[] = [],
): boolean {
  const made = new Set<string>();
  // A search may go by another name than what it found: the provider's, or none.
  let isSearched = false;
  for (const [index, item] of [...history, ...added].entries()) {
    if (item.type === 'compaction') {
      made.clear();
      isSearched = false;
    }
    const answered = answerOf(item);
    const isFound = isSearched && item.type === 'tool_search_output';
    if (index >= history.length && answered !== undefined && !made.has(answered) && !isFound) {
      return true;
    }
    const call = callOf(item);
    if (call !== undefined) made.add(call);
    isSearched ||= item.type === 'tool_search_call';
  }
  return false;
}

/** Whether a call among items has no answer among them. */
export function awaitsAnswer(items: readonly AgentInputItem[]): boolean {
  const open = new Set<string>();
  for (const item of items) {
    const call = item.type === 'tool_search_call' ? undefined : callOf(item);
    if (call !== undefined) open.add(call);
    const answered = answerOf(item);
    if (answered !== undefined) open.delete(answered);
  }
  return open.size > 0;
}

/** Whether items are the end of a turn: an answer of the model, and no call that waits for a result. */
export function endsTurn(items: readonly AgentInputItem[]): boolean {
  const last = items.at(-1);
  return last !== undefined && isOfRole(last, 'assistant') && !awaitsAnswer(items);
}

/**
 * Where in a history the turn stands still that made the last of the calls which are answered now:
 * after the calls that were made together, and those of their results that are there.
 */
export function endOfAnsweredCalls(
  history: readonly AgentInputItem[],
  answers: readonly AgentInputItem[],
): number {
  const answered = new Set(answers.map(answerOf));
  const last = history.findLastIndex((item) => answered.has(callOf(item) ?? ''));
  if (last === -1) return history.length;
  const isNoCall = (item: AgentInputItem) => callOf(item) === undefined;
  const first = history.slice(0, last).findLastIndex(isNoCall) + 1;
  const made = new Set<string | undefined>();
  for (let end = first; ; end += 1) {
    const item = history[end];
    const call = item && callOf(item);
    if (call !== undefined) made.add(call);
    else if (!item || !made.has(answerOf(item))) return end;
  }
}

/**
 * What stays of a history where what is known of it is replaced: the items that are not known, with
 * the calls that they answer, and what belongs to those.
 *
 * @returns the indices, in order
 */
export function indicesThatStay(
  history: readonly AgentInputItem[],
  isKnown: (index: number) => boolean,
  replacement: readonly AgentInputItem[],
): number[] {
  const stay: number[] = [];
  const wanted = new Set(replacement.map(answerOf));
  let isOfResponse = false;
  // Backwards: an id that comes again is that of the newest call.
  for (const [index, item] of [...history.entries()].toReversed()) {
    const call = callOf(item);
    const isWanted = call !== undefined && wanted.delete(call);
    // A model takes no call without the reasoning that led to it.
    const isReasoning: boolean = isOfResponse && item.type === 'reasoning';
    isOfResponse = isWanted || isReasoning || (isOfResponse && call !== undefined);
    if (isKnown(index) && !isWanted && !isReasoning) continue;
    stay.push(index);
    wanted.add(answerOf(item)).add(callerOf(item));
  }
  return stay.toReversed();
}

function isOfRole(item: AgentInputItem, role: string): boolean {
  return 'role' in item && item.role === role;
}
