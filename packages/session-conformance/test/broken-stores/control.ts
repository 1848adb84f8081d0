import { MemorySessionStore } from '@agent-sessions/session-memory';

import { SharingStore } from '../sharing-store.ts';
import type { BrokenStore } from './broken-store.ts';

/** Keeps all promises. */
export const control: BrokenStore = {
  name: 'nothing is wrong',
  breaks: [],
  create() {
    const memory = new MemorySessionStore();
    return { open: () => new SharingStore(memory) };
  },
};
