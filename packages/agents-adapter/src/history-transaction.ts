import { canonicalJson, copyJson } from '@agent-sessions/session-core';
import type { JsonValue, Message, NewMessage } from '@agent-sessions/session-core';
import { MemorySession, UserError } from '@openai/agents-core';
import type { AgentInputItem, SessionHistoryTransactionArgs } from '@openai/agents-core';

import { binaryForm } from './binary.ts';
import { toMessages } from './item-message.ts';

/** A history transaction, checked and detached from what the caller passed. */
export interface CheckedTransaction {
  readonly operationId: string;
  readonly type: SessionHistoryTransactionArgs['transaction']['type'];
  /** What must be the last items for the transaction to apply, as stored; none to append. */
  readonly expectedSuffix: readonly NewMessage[];
  readonly append: readonly NewMessage[];
  /** The transaction itself: what must be the same when its id comes again. */
  readonly intent: JsonValue;
}

/**
 * Checks a transaction by rehearsing it on the SDK's own MemorySession, which has the suffix that
 * the transaction expects: so the arguments are refused for the same reasons and in the same words,
 * and whatever is left to differ is history. Everything is copied before this returns to its caller.
 *
 * @throws UserError as MemorySession does
 * @throws SessionError `unstorable_value` naming the place of what cannot be kept
 */
export async function checkTransaction(
  args: SessionHistoryTransactionArgs,
): Promise<CheckedTransaction> {
  const copy = copyOf(args);
  const rehearsal = new MemorySession({ initialItems: suffixOf(copy) });
  await rehearsal.applyHistoryTransaction(args);
  if (copy === undefined) throw new UserError('Session history transaction arguments are invalid.');

  const { operationId, transaction } = copy;
  const appended =
    transaction.type === 'append_items' ? transaction.items : transaction.replacement;
  return {
    operationId,
    type: transaction.type,
    expectedSuffix: toMessages(suffixOf(copy), 'expectedSuffix'),
    append: toMessages(appended),
    intent: copyJson(transaction, 'transaction', binaryForm),
  };
}

/** `undefined` where the arguments are such that no copy can be made, which the rehearsal refuses. */
function copyOf(args: SessionHistoryTransactionArgs): SessionHistoryTransactionArgs | undefined {
  try {
    return structuredClone(args);
  } catch {
    return undefined;
  }
}

function suffixOf(args: SessionHistoryTransactionArgs | undefined): AgentInputItem[] {
  const transaction = args?.transaction;
  if (transaction?.type !== 'replace_suffix') return [];
  return Array.isArray(transaction.expectedSuffix) ? transaction.expectedSuffix : [];
}

/** Whether the last messages are those that a transaction expects, whatever the order of keys. */
export function endsWith(messages: readonly Message[], expected: readonly NewMessage[]): boolean {
  return (
    messages.length === expected.length &&
    messages.every((message, index) => text(message.item) === text(expected[index]?.item))
  );
}

function text(item: object | undefined): string {
  return canonicalJson(copyJson(item ?? null, 'item'));
}

/** The errors of MemorySession; they carry nothing of the items. */
export function suffixChanged(): UserError {
  return new UserError('Session history suffix no longer matches the transaction precondition.');
}

export function transactionReused(): UserError {
  return new UserError(
    'Session history operation was already applied with a different transaction.',
  );
}
