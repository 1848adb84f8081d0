import { isSessionError } from '../contract/errors.ts';
import type { SessionStore } from '../contract/store.ts';
import { checkName } from '../driver/checks.ts';
import { checkAccess } from '../driver/contract-arguments.ts';
import { conflict, refuseGaps } from '../driver/refusals.ts';
import { isSameMark, withoutRevisions } from '../driver/session-state.ts';
import { type ExportedSession, headerLine, linesOf } from './session-lines.ts';

/** Which sessions: of a user, or these; all where neither is named. */
export interface SessionSelection {
  readonly userId?: string | undefined;
  readonly sessionIds?: Iterable<string> | undefined;
}

/** @see {@link exportSessions} */
export interface ExportOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each session that is left out, because a part of it cannot be read. @defaultValue the export fails */
  readonly onDamaged?: ((sessionId: string, damage: unknown) => void) | undefined;
}

/** A session that is written to all the time is read so often before the export gives up. */
const maxReads = 20;

/**
 * The sessions of a store as lines of JSON, exactly, for a file or another store: each line with its
 * end. One session is held in memory at a time. A session that ends or is deleted meanwhile is left
 * out; the store is only read.
 *
 *     await pipeline(exportSessions(store, { userId: 'ada' }), createWriteStream('ada.jsonl', { mode: 0o600 }));
 *
 * @throws SessionError `damaged_message` where a part of a session cannot be read
 */
export async function* exportSessions(
  store: SessionStore,
  { userId, sessionIds }: SessionSelection = {},
  { signal, onDamaged }: ExportOptions = {},
): AsyncGenerator<string, void, undefined> {
  checkAccess({ userId, signal });
  yield headerLine;
  const seen = new Set<string>();
  for await (const sessionId of sessionIds ?? store.list({ userId, signal })) {
    if (seen.has(checkName('sessionIds', sessionId))) continue;
    seen.add(sessionId);
    try {
      const session = await readSession(store, sessionId, { userId, signal });
      if (session) yield* linesOf(session);
    } catch (damage) {
      if (!onDamaged || !isSessionError(damage, 'damaged_message')) throw damage;
      onDamaged(sessionId, damage);
    }
  }
}

/** A session as of one moment, as far as its history goes: its metadata is of the same history. */
async function readSession(
  store: SessionStore,
  sessionId: string,
  access: { readonly userId?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<ExportedSession | undefined> {
  for (let reads = 0; reads < maxReads; reads += 1) {
    const { messages, mark, skipped } = await store.read(sessionId, access);
    refuseGaps(sessionId, skipped);
    const values = store.capabilities.state ? await store.state(sessionId, access) : {};
    const metadata = await store.metadata(sessionId, access);
    const after = await store.read(sessionId, { ...access, last: 0 });
    if (mark === null || metadata === undefined || after.mark === null) return undefined;
    if (!isSameMark(mark, after.mark)) continue;
    const state = Object.entries(withoutRevisions(values)).toSorted(byName);
    return { metadata, state: Object.fromEntries(state), messages };
  }
  throw conflict(sessionId);
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
