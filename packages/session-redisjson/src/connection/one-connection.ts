import {
  isConnectionFault,
  isReadOnly,
  LostBesideError,
  RefusedByConnectionError,
} from './redis-errors.ts';
import type { SendOptions } from './sending.ts';

/** The part of a single node-redis client that is used where the client is ours. */
export interface OwnClient {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'error' | 'connect', listener: (error: unknown) => void): unknown;
  unref(): void;
  sendCommand(args: string[], options?: SendOptions): Promise<unknown>;
}

/** A client for as long as it is connected: once it has an error, it ends. */
export class OneConnection<Client extends OwnClient> {
  readonly #client: Client;
  readonly #onLost: (connection: OneConnection<Client>) => void;
  /** It can be stopped: version 4 goes on connecting otherwise, and cannot be stopped after. */
  #hasTried = false;
  #loss: unknown;
  #giveUp: (reason: unknown) => void = () => {};
  /** Redis answers in order, so these tell whose turn it is. */
  #sent = 0;
  #answered = 0;

  constructor(client: Client, onLost: (connection: OneConnection<Client>) => void) {
    this.#client = client;
    this.#onLost = onLost;
    client.once('connect', () => {
      this.#hasTried = true;
      if (this.isLost) this.#disconnect();
    });
    client.once('error', (error) => {
      this.#hasTried = true;
      if (this.isLost) this.#disconnect();
      else this.end(error);
    });
  }

  get isLost(): boolean {
    return this.#loss !== undefined;
  }

  /** The client's own timeout ends with the TCP connection, before the server has said anything. */
  connect(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.end(new Error(`Connection timeout: no answer within ${timeoutMs} ms.`)),
        timeoutMs,
      );
      this.#giveUp = (reason) => {
        clearTimeout(timer);
        reject(reason);
      };
      this.#client.connect().then(
        () => {
          clearTimeout(timer);
          resolve();
        },
        (error: unknown) => this.end(error),
      );
    });
  }

  /**
   * @throws what the client throws; a LostBesideError where it was not its turn when the connection
   * was lost, a RefusedByConnectionError where another connection may lead to who accepts it
   */
  use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const place = this.#sent;
    this.#sent += 1;
    return work(this.#client).then(
      (answer) => {
        this.#answered += 1;
        return answer;
      },
      (error: unknown) => {
        throw this.#explain(error, place);
      },
    );
  }

  /** Whether it answers, in time. */
  isAlive(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), withinMs);
      const answered = () => {
        clearTimeout(timer);
        resolve(!this.isLost);
      };
      this.#client.sendCommand(['PING']).then(answered, answered);
    });
  }

  /** Disconnects; what is under way fails for that reason. */
  end(reason: unknown): void {
    if (this.isLost) return;
    this.#loss = reason;
    this.#onLost(this);
    if (this.#hasTried) this.#disconnect();
    this.#giveUp(reason);
  }

  #explain(error: unknown, place: number): unknown {
    if (!this.isLost && !isConnectionFault(error)) {
      this.#answered += 1;
      if (!isReadOnly(error)) return error;
      // Failed over behind one name: a new connection may lead to the new primary.
      this.end(new LostBesideError('The server became a replica.', { cause: error }));
      return new RefusedByConnectionError('The server became a replica.', { cause: error });
    }
    const reason = this.#loss ?? error;
    if (place === this.#answered) return reason;
    return new LostBesideError('The connection was lost.', { cause: reason });
  }

  #disconnect(): void {
    // It may have closed by itself just now.
    if (this.#client.isOpen) this.#client.disconnect().catch(() => {});
  }
}
