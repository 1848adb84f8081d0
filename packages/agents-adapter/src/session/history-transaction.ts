import { copyJson } from '@agent-sessions/session-core';
import type { JsonValue, Message, NewMessage } from '@agent-sessions/session-core';
import { MemorySession, UserError } from '@openai/agents-core';
import type {
  AgentInputItem,
  SessionHistoryTransaction,
  SessionHistoryTransactionArgs,
} from '@openai/agents-core';

import { binaryForm } from '../items/binary.ts';
import { comparableText, toItem, toMessages } from '../items/item-message.ts';

/** A history transaction, checked and detached from what the caller passed. */
export interface CheckedTransaction {
  readonly operationId: string;
  readonly type: SessionHistoryTransactionArgs['transaction']['type'];
  /** What must be the last items for the transaction to apply, as comparable text. */
  readonly expectedSuffix: readonly string[];
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
  const detached = detach(args);
  const rehearsal = new MemorySession({ initialItems: suffixOf(detached?.copy) });
  await rehearsal.applyHistoryTransaction(detached?.args ?? args);
  if (detached?.copy === undefined) {
    throw new UserError('Session history transaction arguments are invalid.');
  }

  const { copy } = detached;
  const append =
    copy.type === 'append_items'
      ? toMessages(copy.items)
      : toMessages(copy.replacement, 'replacement');
  return {
    operationId: detached.args.operationId,
    type: copy.type,
    expectedSuffix: suffixOf(copy).map((item, index) =>
      comparableText(item, `expectedSuffix[${index}]`),
    ),
    append,
    intent: copyJson(copy, 'transaction', binaryForm),
  };
}

/** Reads what may be behind accessors once, and copies it where a copy can be made. */
function detach(args: SessionHistoryTransactionArgs) {
  if (typeof args !== 'object') return undefined;
  try {
    const { operationId, transaction } = args;
    return { args: { operationId, transaction }, copy: copyOf(transaction) };
  } catch {
    return undefined;
  }
}

function copyOf(transaction: SessionHistoryTransaction): SessionHistoryTransaction | undefined {
  try {
    return structuredClone(transaction);
  } catch {
    return undefined;
  }
}

function suffixOf(transaction: SessionHistoryTransaction | undefined): AgentInputItem[] {
  if (transaction?.type !== 'replace_suffix') return [];
  return Array.isArray(transaction.expectedSuffix) ? transaction.expectedSuffix : [];
}

/** Whether the last messages are those that a transaction expects, whatever the order of keys. */
export function endsWith(messages: readonly Message[], expected: readonly string[]): boolean {
  return (
    messages.length === expected.length &&
    messages.every(
      (message, index) => comparableText(toItem(message), `items[${index}]`) === expected[index],
    )
  );
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
