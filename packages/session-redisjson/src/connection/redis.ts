import { checkConfirmation, type Confirmation, runConfirmed } from './confirmation.ts';
import { isOwn } from './own-connection.ts';
import { beginCall, callRedis, type CallTime, type RedisCall } from './redis-call.ts';
import {
  arrayLengths,
  checkClient,
  getDocument,
  isCluster,
  type RedisJsonClient,
  runScript,
  type Script,
  send,
  type TiedConnection,
} from './redis-client.ts';
import { scanKeys } from './scan-keys.ts';
import { ServerMark } from './server-mark.ts';
import type { Ask } from './slot-layout.ts';
import { tiedConnection } from './tied-connection.ts';

/** @see {@link Redis} */
export interface RedisOptions {
  readonly deadlineMs: number;
  readonly confirm: Confirmation | undefined;
}

/** What a call that writes says of itself. */
export type Writing = Partial<Pick<RedisCall, 'operationId' | 'repeatable'>>;

/** All that a store asks of Redis: each call settles by its deadline. */
export class Redis {
  readonly #client: RedisJsonClient;
  readonly #deadlineMs: number;
  readonly #isCluster: boolean;
  readonly #confirm: Confirmation | undefined;
  readonly #tied: TiedConnection | undefined;
  readonly #mark = new ServerMark();

  /** @throws TypeError or RangeError `invalid_argument` */
  constructor(client: RedisJsonClient, { deadlineMs, confirm }: RedisOptions) {
    this.#client = checkClient(client);
    this.#deadlineMs = deadlineMs;
    this.#isCluster = isCluster(client);
    this.#confirm = confirm && checkConfirmation(confirm);
    this.#tied = confirm && tiedConnection(client, deadlineMs);
  }

  /** Begins a call; whatever it asks for ends by the same deadline. */
  begin(signal: AbortSignal | undefined): CallTime {
    return beginCall(this.#deadlineMs, signal);
  }

  /** Reads parts of a document; `null` where there is none. */
  get(key: string, path: string[], time: CallTime): Promise<unknown> {
    return callRedis(
      (sending) => getDocument(this.#client, key, path, sending),
      this.#call(time, { repeatable: true, writes: false }),
    );
  }

  /** How long an array in a document is; `undefined` where there is none. */
  async length(key: string, path: string, time: CallTime): Promise<number | undefined> {
    const found = await callRedis(
      (sending) => arrayLengths(this.#client, key, path, sending),
      this.#call(time, { repeatable: true, writes: false }),
    );
    return found[0];
  }

  /** Runs a script that changes what stands under a key. */
  run(
    script: Script,
    key: string,
    args: string[],
    time: CallTime,
    writing: Writing,
  ): Promise<unknown> {
    return callRedis(
      (sending) =>
        runScript((command) => send(this.#client, key, command, sending), script, key, args),
      this.#writing(time, writing),
    );
  }

  /** The same for a commit, which is as safe then as the store was told to make it. */
  commit(
    script: Script,
    key: string,
    args: string[],
    time: CallTime,
    writing: Writing,
  ): Promise<unknown> {
    const [tied, confirm] = [this.#tied, this.#confirm];
    if (!tied || !confirm) return this.run(script, key, args, time, writing);
    return callRedis(
      (sending) => tied.use(key, (run) => runConfirmed(run, script, key, args, confirm), sending),
      this.#writing(time, writing),
    );
  }

  /**
   * Keys of JSON documents that begin with a prefix, page by page; see `scanKeys`. What is read of the
   * documents of a page has the rest of the time of the page.
   */
  async *keys(
    keyPrefix: string,
    signal: AbortSignal | undefined,
  ): AsyncIterable<{ readonly keys: string[]; readonly time: CallTime }> {
    let time = this.begin(signal);
    const ask: Ask = (work) =>
      callRedis(work, this.#call(time, { repeatable: true, writes: false }));
    for await (const keys of scanKeys(this.#client, keyPrefix, this.#mark, ask)) {
      yield { keys, time };
      time = this.begin(signal);
    }
  }

  /** Ends what was opened here; the client stays as it is. */
  async close(): Promise<void> {
    await this.#tied?.close(this.#deadlineMs);
  }

  #writing(time: CallTime, { operationId, repeatable = false }: Writing): RedisCall {
    return this.#call(time, { writes: true, operationId, repeatable });
  }

  #call(
    { deadlineMs, end, signal }: CallTime,
    { repeatable, writes, operationId }: Pick<RedisCall, 'repeatable' | 'writes' | 'operationId'>,
  ): RedisCall {
    // Member by member: to spread objects into one another is dear, and every call comes this way.
    return {
      deadlineMs,
      end,
      signal,
      repeatable,
      writes,
      operationId,
      isCluster: this.#isCluster,
      onTimeout: this.#onTimeout,
    };
  }

  readonly #onTimeout = () => {
    if (isOwn(this.#client)) this.#client.suspect();
  };
}
