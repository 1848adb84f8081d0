/** What `addEventListener` is given. */
type Listener = Parameters<AbortSignal['addEventListener']>[1];

/** The options that node-redis 5 and 6 take with a command, and that 4 leaves alone. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
  /** How long version 6 lets it wait to be sent, 5 s by default: our calls have their own deadline. */
  readonly timeout?: number;
  /**
   * That of version 4, which is never given: aborted after the command was sent, it breaks the
   * client's list of commands (`removeNode` of @redis/client 1.6.1).
   */
  readonly signal?: AbortSignal;
}

/**
 * A command on its way, which can be taken back as long as it waits in the client: for a connection,
 * or for the socket to take more. Versions 5 and 6 are told by an abort signal, which this is, and
 * tell by it what they have sent; a real one would cost more than the rest of a call. Version 4 reads
 * the arguments when it sends them, so there they are made into something that does no harm.
 */
export class Sending implements AbortSignal {
  readonly options: SendOptions = { abortSignal: this, timeout: 0 };
  readonly onabort = null;
  readonly reason: unknown = undefined;
  aborted = false;
  /** Whether the server may have it. */
  isSent = false;
  #args: string[] = [];
  /** Something that went before it in the same try was sent. */
  #wasSent = false;
  #listener: Listener | undefined;

  /** Answers the arguments for a `sendCommand` of that client, which follows at once. */
  begin(client: object, args: string[]): string[] {
    this.#args = args;
    this.#wasSent = this.isSent;
    if ('withCommandOptions' in client) return args;
    // Version 4 sends at once what it need not keep.
    if ('isReady' in client && client.isReady === true) this.isSent = true;
    else this.#watch(args);
    return args;
  }

  /** Nothing of it is under way any more: its try has failed. */
  forget(): void {
    this.isSent = false;
    this.#args = [];
    this.#listener = undefined;
  }

  /** Takes it back, if it has not been sent, and whatever would be sent for it later. */
  takeBack(): void {
    this.aborted = true;
    if (this.#args.length > 0) {
      Object.defineProperty(this.#args, 0, { value: 'PING' });
      this.#args.length = 1;
    }
    if (this.#listener) tell(this.#listener);
  }

  addEventListener(_type: string, listener: Listener): void {
    this.#listener = listener;
    this.isSent = this.#wasSent;
  }

  removeEventListener(): void {
    this.#listener = undefined;
    this.isSent ||= !this.aborted;
  }

  dispatchEvent(): boolean {
    return true;
  }

  throwIfAborted(): void {
    if (this.aborted) throw new Error('The call has ended.');
  }

  #watch(args: string[]): void {
    const [name] = args;
    const get = () => {
      this.isSent = true;
      return name;
    };
    Object.defineProperty(args, 0, { get, configurable: true });
  }
}

function tell(listener: Listener): void {
  const event = new Event('abort');
  if (typeof listener === 'function') listener(event);
  else listener.handleEvent(event);
}
