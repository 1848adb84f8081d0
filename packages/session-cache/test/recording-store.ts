import type { ReadQuery, ReadResult, SessionStore } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

/** What was read of a store. */
export interface RecordedRead {
  readonly query: ReadQuery | undefined;
  readonly messages: number;
}

/** A store in memory that records what is read of it. */
export class RecordingStore extends MemorySessionStore implements SessionStore {
  readonly reads: RecordedRead[] = [];
  isClosed = false;

  override async read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    const result = await super.read(sessionId, query);
    this.reads.push({ query, messages: result.messages.length });
    return result;
  }

  override async close(): Promise<void> {
    this.isClosed = true;
    await super.close();
  }
}
