import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';

import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { bundledProgram } from '../bundled-program.ts';
import { withConnection } from '../redis-server/connection.ts';
import { judge, type Verdict } from './checker.ts';
import type { Grant } from './client-program.ts';
import { type Entry, readJournal } from './journal.ts';
import { randomFor } from './random.ts';
import type { Servers } from './servers.ts';
import { inFolder } from './servers.ts';
import { isWhole, sessionsOf } from './workload.ts';

export interface TortureOptions {
  readonly seed: number;
  /** How many acknowledged commits there shall be at least. */
  readonly commits: number;
  /** How often a server or a client is killed. */
  readonly kills: number;
  readonly clients: number;
  /** It comes to an end where for so many seconds nothing was acknowledged and nobody killed. */
  readonly seconds: number;
  readonly log: (line: string) => void;
}

export interface Outcome extends Verdict {
  readonly kills: { readonly server: number; readonly client: number };
  /** It did not come to a standstill before it had all its commits and kills. */
  readonly isComplete: boolean;
}

const program = new URL('client-program.ts', import.meta.url);

/** Lets processes commit, kills them and their servers, and judges what is there at the end. */
export function torture(servers: Servers, options: TortureOptions): Promise<Outcome> {
  return inFolder((folder) => tortureIn(folder, servers, options));
}

async function tortureIn(
  folder: string,
  servers: Servers,
  { seed, commits, kills, clients, seconds, log }: TortureOptions,
): Promise<Outcome> {
  const startedAt = Date.now();
  // Not the time of all of it: on a busy machine it goes on for longer, until it has its kills.
  let progressAt = startedAt;
  const isStuck = () => Date.now() - progressAt > seconds * 1000;
  const hasFailed = () => workers.some(({ failure }) => failure);
  const each = Math.ceil(commits / clients);
  const sessions = sessionsOf(clients);
  const workers = Array.from({ length: clients }, (_, client) => ({
    client,
    journal: join(folder, `client-${client}.jsonl`),
    process: undefined as ChildProcess | undefined,
    acknowledged: 0,
    failure: undefined as string | undefined,
  }));
  type Worker = (typeof workers)[number];
  const done = { server: 0, client: 0 };
  const disturbances = new Map<string, number>();
  let grant: Grant = { upTo: 0, isLast: false };
  let acknowledgements = 0;
  let isCalm = false;
  const lost = new Set<string>();

  const total = () => workers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const entries = () => workers.map(({ journal }) => readJournal(journal));
  const progress = () => {
    const faults = [...disturbances.values()].reduce((sum, count) => sum + count, 0);
    log(
      `${Math.round((Date.now() - startedAt) / 1000)} s: ${total()} acknowledged commits, ` +
        `${done.server} kills of the server, ${done.client} of clients, ${faults} network faults`,
    );
  };

  function start(worker: Worker): void {
    const args = ['--seed', seed, '--client', worker.client, '--journal', worker.journal];
    args.push(...servers.clientArguments(worker.client));
    const child = fork(bundledProgram(program), args.map(String), { execArgv: [] });
    worker.process = child;
    child.send(grant);
    child.on('message', (count: number) => {
      worker.acknowledged = count;
      progressAt = Date.now();
      disturbNow();
    });
    child.on('exit', (code, signal) => {
      if (code !== 0 && signal !== 'SIGKILL') worker.failure = `ended with ${code ?? signal}`;
    });
  }

  function disturbNow(): void {
    acknowledgements += 1;
    const random = randomFor(seed, 'disturbance', acknowledgements);
    if (isCalm || random.next() > 1 / 25) return;
    const what = servers.disturb(random.from(0, clients - 1), random);
    if (what !== 'nothing') disturbances.set(what, (disturbances.get(what) ?? 0) + 1);
  }

  function grantToAll(next: Grant): void {
    grant = next;
    for (const worker of workers) if (worker.process?.connected) worker.process.send(grant);
  }

  async function waitFor(isReached: () => boolean): Promise<void> {
    while (!isReached() && !isStuck()) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async function killSomebody(kill: number): Promise<void> {
    const random = randomFor(seed, 'kill', kill);
    if (kill % 2 === 0) {
      await servers.kill();
      done.server += 1;
      const known = entries();
      for (const operation of await forgotten(known, await servers.currentUrl())) {
        lost.add(operation);
      }
      return;
    }
    const worker = workers[random.from(0, clients - 1)];
    const child = worker?.process;
    if (!worker || !child || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    done.client += 1;
    start(worker);
  }

  const timer = setInterval(progress, 3000);
  try {
    await withStore(await servers.currentUrl(), async (store) => {
      for (const session of sessions) await store.create(session);
    });
    for (const worker of workers) start(worker);
    for (let kill = 0; kill < kills; kill = done.server + done.client) {
      // Enough for this kill to come in the midst of work, and for the next to have something to
      // do; but nobody may end before the last kill, who might have been the one to be killed.
      const share = Math.min((kill + 2) / (kills + 1), 1);
      grantToAll({ upTo: Math.ceil(each * share), isLast: false });
      const enough = (commits * (kill + 0.5)) / (kills + 1);
      await waitFor(() => total() >= enough || hasFailed());
      if (isStuck() || hasFailed()) break;
      await killSomebody(kill);
      progressAt = Date.now();
    }
    isCalm = true;
    servers.calm();
    grantToAll({ upTo: isStuck() ? 0 : each, isLast: true });
    progressAt = Date.now();
    await waitFor(() => workers.every(({ process: child }) => child?.exitCode !== null));
    clearInterval(timer);
    progress();
    if (disturbances.size > 0) {
      log([...disturbances].map(([what, count]) => `${what}: ${count}`).join(', '));
    }
    for (const { client, failure } of workers) {
      if (failure) log(`client ${client} ${failure}`);
    }
    // What was acknowledged must be there also after this one.
    await servers.kill();
    const known = entries();
    const url = await servers.currentUrl();
    for (const operation of await forgotten(known, url)) lost.add(operation);
    const verdict = judge(known, await historiesIn(url, sessions), lost);
    const isComplete =
      verdict.acknowledged >= commits && done.server + done.client >= kills && !hasFailed();
    return { ...verdict, kills: done, isComplete };
  } finally {
    clearInterval(timer);
    for (const { process: child } of workers) child?.kill('SIGKILL');
  }
}

/** How many of the last operations on a session the server is asked about. It knows 1,000. */
const remembered = 900;

/**
 * The acknowledged operations that the server knows nothing of: each leaves a record of itself in
 * the document, the last 1,000 at least.
 */
async function forgotten(journals: readonly Entry[][], url: string): Promise<string[]> {
  const sessionOf = new Map<string, string>();
  const acknowledged = new Map<string, { operationId: string; atMs: number }[]>();
  for (const entry of journals.flat()) {
    if (entry.kind === 'begun') sessionOf.set(entry.operationId, entry.session);
    else if (!entry.refused && entry.mark !== null) {
      const session = sessionOf.get(entry.operationId) ?? '';
      acknowledged.set(session, [...(acknowledged.get(session) ?? []), entry]);
    }
  }
  return withConnection(url, async (connection) => {
    const missing: string[] = [];
    for (const [session, operations] of acknowledged) {
      const text = await connection.sendCommand([
        'JSON.GET',
        `session:${session}`,
        '$.agent_sessions_operations',
      ]);
      const known = String(text);
      const last = operations.toSorted((one, other) => one.atMs - other.atMs).slice(-remembered);
      for (const { operationId } of last) {
        if (!known.includes(memberOf(operationId))) missing.push(operationId);
      }
    }
    return missing;
  });
}

/** As the README of the driver describes it. */
function memberOf(operationId: string): string {
  return `"${createHash('sha256').update(operationId).digest('base64url').slice(0, 22)}"`;
}

async function historiesIn(
  url: string,
  sessions: readonly string[],
): Promise<Map<string, readonly string[]>> {
  return withStore(url, async (store) => {
    const histories = new Map<string, readonly string[]>();
    for (const session of sessions) {
      const { messages } = await store.read(session);
      const metadata = await store.metadata(session);
      const tokens = messages.reduce((sum, message) => sum + (message.tokens ?? 0), 0);
      const agrees =
        (metadata?.messageCount ?? 0) === messages.length &&
        (metadata?.totalTokens ?? 0) === tokens;
      const names = messages.map((each) => (isWhole(each) ? each.id : `changed ${each.id}`));
      histories.set(session, agrees ? names : [...names, 'a count that does not agree']);
    }
    return histories;
  });
}

function withStore<Result>(
  url: string,
  task: (store: RedisJsonSessionStore) => Promise<Result>,
): Promise<Result> {
  return withConnection(url, (connection) => task(new RedisJsonSessionStore(connection)), 60_000);
}
