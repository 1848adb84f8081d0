import { readFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLines } from '../run-command.ts';
import { until } from '../until.ts';
import { withConnection } from './connection.ts';
import { unusedPort } from '../port-of.ts';
import type { GuardedProcess } from './guarded-process.ts';
import { spawnGuarded } from './guarded-process.ts';
import { infoField } from './server-facts.ts';

/** A server process of ours on 127.0.0.1, with a data folder of its own. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Of redis-server itself; another one after a restart. */
  readonly pid: number;
  readonly folder: string;
  /**
   * Starts it again on the same port and data folder. If it still runs it is shut down before, as
   * by SIGTERM, so that what it keeps on disk is complete.
   */
  restart(): Promise<void>;
  /** Ends it and removes its data folder. */
  stop(): Promise<void>;
}

export interface LaunchOptions {
  /** The command line; files that it needs may be written into the folder. */
  readonly command: (port: number, folder: string) => Promise<readonly string[]>;
  /** The password of the default user, which must be part of the command too. */
  readonly password?: string | undefined;
  /** Finds a port to try; replaceable, so that a port taken by others can be tested. */
  readonly findPort?: (() => Promise<number>) | undefined;
}

/**
 * Starts a server on a free port and waits until it answers.
 *
 * @throws Error with the last lines of its log when it does not
 */
export async function launchServer(options: LaunchOptions): Promise<RedisServer> {
  const { command, password = '', findPort = unusedPort } = options;
  const folder = await mkdtemp(join(tmpdir(), 'agent-sessions-redis-'));
  const addressOf = (port: number) =>
    `redis://${password === '' ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`;
  const start = async (port: number) => {
    const server = await spawnGuarded(await command(port, folder), folder);
    await untilReady(server, addressOf(port), folder);
    return server;
  };

  let port = await findPort();
  let server: GuardedProcess;
  try {
    server = await start(port).catch(async (error: unknown) => {
      if (!(error instanceof PortTakenError)) throw error;
      port = await findPort();
      return start(port);
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }

  return {
    url: addressOf(port),
    port,
    folder,
    get pid() {
      return server.pid;
    },
    async restart() {
      await server.end('SIGTERM');
      server = await start(port);
    },
    stop: () => server.remove(),
  };
}

class PortTakenError extends Error {
  override name = 'PortTakenError';
}

async function untilReady(server: GuardedProcess, url: string, folder: string): Promise<void> {
  const isSettled = async () => !server.isRunning || (await answers(server, url));
  await until('redis-server answers', isSettled).catch(() => server.end('SIGKILL'));
  if (server.isRunning) return;
  const log = await readFile(join(folder, 'redis.log'), 'utf8').catch(() => '');
  const message = `redis-server did not become ready. Its log ends with:\n${lastLines(log, 10)}`;
  throw log.includes('Address already in use') ? new PortTakenError(message) : new Error(message);
}

/** The process id is compared because another server may have taken the port before ours. */
function answers(server: GuardedProcess, url: string): Promise<boolean> {
  return withConnection(url, async (connection) => {
    await connection.ping();
    return infoField(await connection.info('server'), 'process_id') === String(server.pid);
  });
}
