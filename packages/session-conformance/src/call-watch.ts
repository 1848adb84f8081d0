import type { SessionStore } from '@agent-sessions/session-core';

/** A call that has not answered in time. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Waits for a call so many milliseconds. @throws NoAnswer, and what the call throws */
export async function answerOf<T>(
  call: string,
  answer: PromiseLike<T> | T,
  deadlineMs: number,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const advice = 'It must answer or fail, whatever happens to the database.';
    const error = new NoAnswer(`${call} has not answered within ${deadlineMs} ms. ${advice}`);
    // Where the process itself was busy, the answer may have come meanwhile.
    timer = setTimeout(() => setImmediate(reject, error), deadlineMs);
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Gives the calls of stores a deadline each, and knows of one that did not answer. */
export class CallWatch {
  readonly #deadlineMs: number;
  /** The first that did not. A case may take it for something else. */
  unanswered: NoAnswer | undefined;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** The same store, with the deadline for each of its calls and for each id that it lists. */
  store(store: SessionStore): SessionStore {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          const result: unknown = Reflect.apply(member, target, args);
          const call = `${String(name)}()`;
          if (isAsyncIterable(result)) return this.#each(call, result);
          return isPromise(result) ? this.#answer(call, result) : result;
        };
      },
    });
  }

  async #answer<T>(call: string, answer: PromiseLike<T>): Promise<T> {
    try {
      return await answerOf(call, answer, this.#deadlineMs);
    } catch (error) {
      if (error instanceof NoAnswer) this.unanswered ??= error;
      throw error;
    }
  }

  async *#each(call: string, values: AsyncIterable<unknown>): AsyncIterable<unknown> {
    const iterator = values[Symbol.asyncIterator]();
    let next = await this.#answer(call, iterator.next());
    try {
      while (!next.done) {
        yield next.value;
        next = await this.#answer(call, iterator.next());
      }
    } finally {
      // Whoever does not read to the end says so, but not to somebody who does not answer.
      if (!next.done && !this.unanswered) await iterator.return?.();
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && 'then' in value && typeof value.then === 'function';
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return isObject(value) && Symbol.asyncIterator in value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
