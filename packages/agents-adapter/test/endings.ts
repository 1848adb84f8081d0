import { AgentsSession } from '@agent-sessions/agents-adapter';
import { Conversation, type SessionStore } from '@agent-sessions/session-core';
import { user } from '@openai/agents-core';

import { until } from '../../../tools/until.ts';

/** Ends a session. */
export type Ending = (store: SessionStore, sessionId: string) => Promise<void>;

/** How a session may be gone when a run comes back to it. */
export const endings: readonly (readonly [string, Ending])[] = [
  [
    'is deleted',
    async (store, sessionId) => {
      await store.delete(sessionId);
    },
  ],
  [
    'expires',
    async (store, sessionId) => {
      await new Conversation({ store, sessionId, ttlMs: 1 }).append([]);
      await until('it has', async () => (await store.metadata(sessionId)) === undefined);
    },
  ],
  [
    'begins anew',
    async (store, sessionId) => {
      await store.delete(sessionId);
      await new AgentsSession({ store, sessionId }).addItems([user('another conversation')]);
    },
  ],
];
