// Applies transactions to a session, one after the other, and prints what each came to.
import { AgentsSession } from '@agent-sessions/agents-adapter';
import { openSessionStore } from '@agent-sessions/session-redisjson';
import type { SessionHistoryTransactionArgs } from '@openai/agents-core';
import Type from 'typebox';

import { childInput } from './child-input.ts';

const { url, sessionId, transactions } = childInput(
  Type.Object({
    url: Type.String(),
    sessionId: Type.String(),
    transactions: Type.Array(Type.Unsafe<SessionHistoryTransactionArgs>(Type.Object({}))),
  }),
);
const store = await openSessionStore(url);
const session = new AgentsSession({ store, sessionId });
const outcomes: string[] = [];
for (const transaction of transactions) {
  outcomes.push(await session.applyHistoryTransaction(transaction).then(() => 'done', String));
}
console.log(JSON.stringify(outcomes));
await store.close();
