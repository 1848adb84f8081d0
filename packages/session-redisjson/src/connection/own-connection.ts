import { setTimeout as sleep } from 'node:timers/promises';

import { SessionError } from '@agent-sessions/session-core';
import type { createClient } from 'redis';

import { callRedis } from './redis-call.ts';

type Client = ReturnType<typeof createClient>;

/** @see {@link OwnConnection} */
export interface OwnConnectionOptions {
  /** Makes a client that does not reconnect and has a listener for errors. */
  readonly createClient: () => Client;
  readonly connectTimeoutMs: number;
}

/**
 * The connection of a store that was opened by URL: a client, and a new one once its connection
 * is lost. node-redis can reconnect, but version 4 keeps what it had read of an answer that was cut
 * off, and takes the answers of the new connection for the rest of it.
 */
export class OwnConnection {
  readonly json = {
    get: async (key: string, options: { path: string[] }): Promise<unknown> =>
      (await this.#connected()).json.get(key, options),
  };
  readonly #options: OwnConnectionOptions;
  #client: Promise<Client> | undefined;
  #failures = 0;
  #closing: Promise<void> | undefined;

  constructor(options: OwnConnectionOptions) {
    this.#options = options;
  }

  /** @throws SessionError `connection_failed`, `timeout` or `permission_denied` */
  async connect(): Promise<void> {
    await this.#connected();
  }

  async sendCommand(args: string[]): Promise<unknown> {
    return (await this.#connected()).sendCommand(args);
  }

  /** Waits for what was sent, but not longer than the deadline. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    // Answered after all that was sent before it. Not QUIT, which cannot be given up.
    if (client?.isReady) await callRedis(() => client.ping(), once(deadlineMs)).catch(() => {});
    if (client) await disconnect(client);
  }

  /** All who come while it connects wait for the same connection. */
  #connected(): Promise<Client> {
    if (this.#closing) {
      throw new SessionError('closed', 'The store is closed. Open another to go on.');
    }
    this.#client ??= this.#open();
    return this.#client;
  }

  async #open(): Promise<Client> {
    const client = this.#options.createClient();
    const isLost = () => {
      this.#client = undefined;
      void disconnect(client);
    };
    try {
      if (this.#failures > 0) await sleep(Math.min(25 * 2 ** this.#failures, 1000));
      // The client's own timeout ends with the TCP connection, before the server has said anything.
      await callRedis(() => client.connect(), once(this.#options.connectTimeoutMs));
    } catch (error) {
      this.#failures += 1;
      isLost();
      throw error;
    }
    this.#failures = 0;
    client.once('error', isLost);
    return client;
  }
}

async function disconnect(client: Client): Promise<void> {
  try {
    if (client.isOpen) await client.disconnect();
  } catch {
    // It has just closed by itself.
  }
}

function once(deadlineMs: number) {
  return { deadlineMs, repeatable: false, writes: false };
}
