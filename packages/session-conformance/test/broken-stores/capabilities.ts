import type {
  SessionsPage,
  SessionStoreCapabilities,
  StateValue,
} from '@agent-sessions/session-core';

import { allCapabilities, SharingStore } from '../sharing-store.ts';
import { brokenEach, type BrokenStore } from './broken-store.ts';

/** Claims less than the others. */
function without(capabilities: Partial<SessionStoreCapabilities>, store: BrokenStore): BrokenStore {
  return { ...store, capabilities: { ...allCapabilities, ...capabilities } };
}

const state = { state: false } as const;
const sessions = { sessions: false } as const;

export const brokenCapabilities = [
  without(
    state,
    brokenEach(
      'values that it does not have are read as none, and taken and lost',
      'Sessions have named values, usage and claims; otherwise these are `missing_capability`.',
      class extends SharingStore {
        override readonly capabilities = { ...allCapabilities, ...state };

        override async state(): Promise<Readonly<Record<string, StateValue>>> {
          return {};
        }
      },
    ),
  ),
  without(
    sessions,
    brokenEach(
      'pages that it does not have are empty',
      'The sessions of a user are had page by page; otherwise that is `missing_capability`.',
      class extends SharingStore {
        override readonly capabilities = { ...allCapabilities, ...sessions };

        override async sessions(): Promise<SessionsPage> {
          return { sessions: [], next: null };
        }
      },
    ),
  ),
];
