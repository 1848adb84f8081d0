import { SessionError } from '@agent-sessions/session-core';
import type { SessionStore } from '@agent-sessions/session-core';
import { openSessionStore } from '@agent-sessions/session-redisjson';
import type { OpenSessionStoreOptions } from '@agent-sessions/session-redisjson';
import { withConnection } from '../redis-server/connection.ts';

/** Where to ask for a master. */
export interface Master {
  /** Of a sentinel on this machine. */
  readonly port: number;
  readonly name: string;
}

/**
 * A store on a single connection to whoever the sentinel says is the master, asked anew after every
 * failure: `confirm` needs a single connection, which the sentinel client of node-redis is not.
 */
export function followMaster(
  master: Master,
  options: OpenSessionStoreOptions,
): Pick<SessionStore, 'commit' | 'read'> {
  let opened: Promise<SessionStore> | undefined;

  async function call<Result>(use: (store: SessionStore) => Promise<Result>): Promise<Result> {
    opened ??= masterUrl(master).then((url) => openSessionStore(url, options));
    const current = opened;
    try {
      return await use(await current);
    } catch (error) {
      // Unconfirmed is no reason to leave: the replica may come back.
      const stays = error instanceof SessionError && error.code === 'unconfirmed';
      if (!stays && opened === current) {
        opened = undefined;
        void current.then((store) => store.close()).catch(() => {});
      }
      throw error instanceof SessionError ? error : noMaster(error);
    }
  }

  return {
    commit: (sessionId, commit) => call((store) => store.commit(sessionId, commit)),
    read: (sessionId, query) => call((store) => store.read(sessionId, query)),
  };
}

/** @throws Error where the sentinel does not answer */
export async function masterUrl({ port, name }: Master): Promise<string> {
  const address = await withConnection(`redis://127.0.0.1:${port}`, (sentinel) =>
    sentinel.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]),
  );
  if (!Array.isArray(address)) throw new Error(`The sentinel knows no master named ${name}.`);
  return `redis://${String(address[0])}:${String(address[1])}`;
}

function noMaster(cause: unknown): SessionError {
  return new SessionError('connection_failed', 'No master is known.', { retryable: true, cause });
}
