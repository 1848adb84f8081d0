import type { Commit, ReadQuery, ReadResult } from '@agent-sessions/session-core';
import { damagedMessage } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

/** Cannot read some of its messages, and says so, as a driver with `onDamaged` does. */
export class PartlyDamagedStore extends MemorySessionStore {
  damaged: readonly number[] = [];

  override async read(id: string, query: ReadQuery = {}): Promise<ReadResult> {
    const { last, role, before, ...rest } = query;
    const all = await super.read(id, rest);
    const from = all.continues ? (query.since?.length ?? 0) : 0;
    const places = all.messages
      .map((message, index) => ({ message, at: from + index }))
      .filter(({ at }) => before === undefined || at < before);
    const readable = places.filter(({ message, at }) => {
      return !this.damaged.includes(at) && (role === undefined || message.role === role);
    });
    const wanted = readable.slice(last === undefined ? 0 : Math.max(readable.length - last, 0));
    const first = wanted[0]?.at ?? from;
    const skipped = places.map(({ at }) => at).filter((at) => this.damaged.includes(at));
    return {
      ...all,
      messages: wanted.map(({ message }) => message),
      first: role === undefined ? (wanted[0]?.at ?? null) : null,
      skipped: last === undefined ? skipped : skipped.filter((at) => at >= first),
    };
  }

  override async commit(id: string, commit: Commit) {
    const { mark } = await super.read(id, { last: 0 });
    const kept = (mark?.length ?? 0) - (commit.drop === 'all' ? Infinity : (commit.drop ?? 0));
    const damage = this.damaged.find((at) => at >= kept && at < (mark?.length ?? 0));
    if (damage !== undefined && !commit.dropUnreadable) throw damagedMessage(id, damage);
    return super.commit(id, commit);
  }
}
