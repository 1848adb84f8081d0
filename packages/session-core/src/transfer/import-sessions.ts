import { isSessionError, outOfRange, SessionError } from '../contract/errors.ts';
import type { SessionStore } from '../contract/store.ts';
import { stringifyMessage } from '../driver/message-text.ts';
import { type ExportOptions, exportSessions, type SessionSelection } from './export-sessions.ts';
import { type ParsedSession, parseSessions } from './parse-sessions.ts';

/** What became of a session: it was imported, was imported before, or was there and another. */
export type ImportOutcome = 'imported' | 'repeated' | 'replaced' | 'skipped';

/** @see {@link importSessions} */
export interface ImportOptions {
  /** What to do where a session of the same id exists that was not imported from this. @defaultValue `'fail'` */
  readonly onExisting?: 'skip' | 'fail' | 'replace' | undefined;
  /** Sessions end as long after this as they would have ended after a write. @defaultValue true */
  readonly keepTtl?: boolean | undefined;
  /** Read each session back, and compare. @defaultValue false */
  readonly verify?: boolean | undefined;
  /** Told of each session. */
  readonly onSession?: ((sessionId: string, outcome: ImportOutcome) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How many sessions an import has met, by what became of them, and how many messages it has added. */
export interface ImportReport {
  readonly imported: number;
  readonly repeated: number;
  readonly replaced: number;
  readonly skipped: number;
  readonly messages: number;
}

/**
 * Imports what {@link exportSessions} wrote, each session in one commit, with its times, agents,
 * values and usage. Repeated it changes nothing, and interrupted it goes on where it was.
 *
 * @param lines - each with its end, or without
 * @throws SessionError `damaged_export` where a line is not what it must be: sessions before it were
 * imported; `conflict` where a session exists, unless `onExisting` says otherwise
 */
export async function importSessions(
  store: SessionStore,
  lines: AsyncIterable<string> | Iterable<string>,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const { onExisting = 'fail', verify = false, onSession } = options;
  if (!['skip', 'fail', 'replace'].includes(onExisting)) {
    throw outOfRange('onExisting', "must be 'skip', 'fail' or 'replace'.");
  }
  const report = { imported: 0, repeated: 0, replaced: 0, skipped: 0, messages: 0 };
  for await (const parsed of parseSessions(lines)) {
    const outcome = await importSession(store, parsed, { ...options, onExisting });
    const isAdded = outcome === 'imported' || outcome === 'replaced';
    if (verify && isAdded) await verifySession(store, parsed, options.signal);
    report[outcome] += 1;
    if (isAdded) report.messages += parsed.messages.length;
    onSession?.(parsed.session.sessionId, outcome);
  }
  return report;
}

/**
 * Copies sessions from a store to another. The source is only read; see {@link exportSessions} and
 * {@link importSessions}, whose options it takes.
 */
export function copySessions(
  from: SessionStore,
  to: SessionStore,
  which: SessionSelection = {},
  options: ImportOptions & ExportOptions = {},
): Promise<ImportReport> {
  return importSessions(to, exportSessions(from, which, options), options);
}

async function importSession(
  store: SessionStore,
  parsed: ParsedSession,
  { onExisting, keepTtl, signal }: ImportOptions,
): Promise<ImportOutcome> {
  const { sessionId, userId } = parsed.session;
  const add = () => store.commit(sessionId, commitOf(parsed, { keepTtl, signal }));
  try {
    return (await add()).repeated ? 'repeated' : 'imported';
  } catch (error) {
    // There is one: with other content, or of another user.
    const exists = isSessionError(error, 'conflict', 'session_not_found', 'operation_reused');
    if (!exists || onExisting === 'fail') throw error;
    if (onExisting === 'skip') return 'skipped';
    await store.delete(sessionId, { userId: userId ?? undefined, signal });
    await add();
    return 'replaced';
  }
}

function commitOf(
  { session, messages, sha256 }: ParsedSession,
  { keepTtl = true, signal }: Pick<ImportOptions, 'keepTtl' | 'signal'>,
) {
  const { createdAtMs, updatedAtMs, currentAgent, agentsUsed } = session;
  return {
    operationId: `import:${sha256}`,
    intent: sha256,
    expect: null,
    append: messages,
    imported: { createdAtMs, updatedAtMs, currentAgent, agentsUsed },
    state: session.state,
    // A store without usage can still take a session that has none.
    usage: Object.values(session.usage).some((count) => count > 0) ? session.usage : undefined,
    userId: session.userId ?? undefined,
    ttlMs: (keepTtl ? session.ttlMs : null) ?? undefined,
    signal,
  };
}

async function verifySession(
  store: SessionStore,
  { session: { sessionId }, messages }: ParsedSession,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stored = (await store.read(sessionId, { signal })).messages.map(stringifyMessage);
  const isSame =
    stored.length >= messages.length &&
    messages.every((message, index) => stringifyMessage(message) === stored[index]);
  if (isSame) return;
  throw new SessionError(
    'store_failed',
    `Session ${JSON.stringify(sessionId)} was imported, and does not read as it was exported. Others may have changed it meanwhile; export it again, and compare.`,
  );
}
