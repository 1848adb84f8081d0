import { setTimeout as sleep } from 'node:timers/promises';

import { SessionError } from '@agent-sessions/session-core';

import { OneConnection, type OwnClient } from './one-connection.ts';
import { LostBesideError } from './redis-errors.ts';
import type { Sending, SendOptions } from './sending.ts';

/** @see {@link OwnConnection} */
export interface OwnConnectionOptions<Client extends OwnClient> {
  /** Makes a client that has a listener for errors. */
  readonly createClient: () => Client | Promise<Client>;
  /** What to do with a client that is connected, before it is used. @defaultValue nothing */
  readonly prepare?: (client: Client) => Promise<void>;
  readonly connectTimeoutMs: number;
}

/**
 * A connection that is ours: a client, and a new one once its connection is lost, has gone silent, or
 * leads to a server that has become a replica. node-redis can reconnect, but then it sends on the new
 * connection what waited for the old one, and version 4 takes the answers of the new one for the rest
 * of an answer that was cut off.
 */
export class OwnConnection<Client extends OwnClient = OwnClient> {
  readonly #options: OwnConnectionOptions<Client>;
  /** Those that are open or being opened. */
  readonly #all = new Set<OneConnection<Client>>();
  #ready: OneConnection<Client> | undefined;
  #connecting: Promise<OneConnection<Client>> | undefined;
  #failures = 0;
  #isSuspected = false;
  #closing: Promise<void> | undefined;

  constructor(options: OwnConnectionOptions<Client>) {
    this.#options = options;
  }

  /** Another one like it. */
  another(): OwnConnection<Client> {
    return new OwnConnection(this.#options);
  }

  /** @throws what the client throws where it cannot connect in time */
  async connect(): Promise<void> {
    await this.#connected();
  }

  sendCommand(args: string[], options?: SendOptions): Promise<unknown> {
    return this.use((client) => client.sendCommand(args, options));
  }

  /** Sends a command, unless its call has ended before there is a connection. */
  send(args: string[], sending: Sending): Promise<unknown> {
    return this.use(
      (client) => client.sendCommand(sending.begin(client, args), sending.options),
      sending,
    );
  }

  /** Does something on one connection: it fails where that is lost meanwhile. */
  use<T>(work: (client: Client) => Promise<T>, sending?: Sending): Promise<T> {
    if (this.#ready && !this.#closing) return this.#ready.use(work);
    return this.#connected().then((connection) => {
      sending?.throwIfAborted();
      return connection.use(work);
    });
  }

  /**
   * To be called where an answer has not come in time. A connection on which the server does not even
   * answer PING before it has accepted another one has gone silent, as behind a router that forgot it.
   */
  suspect(): void {
    const suspected = this.#ready;
    if (!suspected || this.#isSuspected) return;
    this.#isSuspected = true;
    void this.#replaceIfSilent(suspected).finally(() => {
      this.#isSuspected = false;
    });
  }

  /** Waits for what was sent, but not longer than the deadline, and for no connection to be made. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    // Answered after all that was sent before it. Not QUIT, which cannot be given up.
    await this.#ready?.isAlive(deadlineMs);
    for (const each of this.#all) each.end(new LostBesideError('The store was closed.'));
  }

  /** All who come while it connects wait for the same connection. */
  #connected(): Promise<OneConnection<Client>> {
    if (this.#closing) return Promise.reject(closed());
    this.#connecting ??= this.#open()
      .then((connection) => {
        if (!connection.isLost) this.#ready = connection;
        return connection;
      })
      .finally(() => {
        this.#connecting = undefined;
      });
    return this.#connecting;
  }

  async #open(): Promise<OneConnection<Client>> {
    if (this.#failures > 0) await sleep(Math.min(25 * 2 ** this.#failures, 1000) * Math.random());
    if (this.#closing) throw closed();
    const { connectTimeoutMs, createClient, prepare } = this.#options;
    const connection = new OneConnection(await createClient(), this.#onLost);
    this.#all.add(connection);
    try {
      await connection.connect(connectTimeoutMs);
      if (prepare) await connection.use(prepare);
    } catch (error) {
      this.#failures += 1;
      connection.end(error);
      throw error;
    }
    this.#failures = 0;
    return connection;
  }

  async #replaceIfSilent(suspected: OneConnection<Client>): Promise<void> {
    const answers = suspected.isAlive(this.#options.connectTimeoutMs);
    const opening = this.#open().catch(() => undefined);
    const isAlive = await Promise.race([answers, opening.then((one) => (one ? false : answers))]);
    const spare = isAlive ? undefined : await opening;
    if (spare && !spare.isLost && !this.#closing) this.#ready = spare;
    if (!isAlive) suspected.end(new LostBesideError('The connection has gone silent.'));
    // It was not needed, or something else has become the connection meanwhile.
    void opening.then((one) => one === this.#ready || one?.end(new LostBesideError('Not needed.')));
  }

  readonly #onLost = (connection: OneConnection<Client>): void => {
    this.#all.delete(connection);
    if (this.#ready === connection) this.#ready = undefined;
  };
}

function closed(): SessionError {
  return new SessionError('closed', 'The store is closed. Open another to go on.');
}

export function isOwn(client: object): client is OwnConnection {
  return client instanceof OwnConnection;
}
