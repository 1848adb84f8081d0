/** What a call ends with when its deadline has passed or its caller's signal is aborted. */
export const interrupted = Symbol('interrupted');

/** Beyond this, Node's timers fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** A timer so late means that the process had no time for its sockets. */
const busyMs = 20;
/** What it then gets, to send what waits and to read what has come. */
const momentMs = 50;

/** The deadline of a call, and its caller's signal. */
export class Interruption {
  readonly #end: number;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout;
  #pause: NodeJS.Timeout | undefined;
  #hadItsMoment = false;
  #isOver = false;
  /** Ends what is waited for at the time. Cheaper than a promise of it, raced at every call. */
  #giveUp = () => {};

  /** @param end - by `performance.now()` */
  constructor(end: number, signal: AbortSignal | undefined) {
    this.#end = end;
    this.#signal = signal;
    this.#timer = setTimeout(this.#onDeadline, Math.min(end - performance.now(), longestTimerMs));
    if (signal) addStop(signal, this.#stop);
  }

  /** What the work comes to, or a rejection with {@link interrupted} if that is earlier. */
  orElse<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(interrupted);
      if (this.#isOver) this.#giveUp();
      else work().then(resolve, reject);
    });
  }

  /** Waits so long, or less where it is over before. */
  pause(ms: number): Promise<void> {
    return this.orElse(
      () =>
        new Promise((resolve) => {
          this.#pause = setTimeout(resolve, ms);
        }),
    );
  }

  end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#pause);
    if (this.#signal) removeStop(this.#signal, this.#stop);
  }

  readonly #stop = () => {
    this.#isOver = true;
    this.#giveUp();
  };

  /** The answer may lie in the socket, for timers come first: the loop turns once more. */
  readonly #onDeadline = () => {
    const isLate = performance.now() - this.#end > busyMs;
    if (!isLate || this.#hadItsMoment) {
      setImmediate(this.#stop);
      return;
    }
    this.#hadItsMoment = true;
    this.#timer = setTimeout(this.#onDeadline, momentMs);
  };
}

/** What to stop when a signal is aborted: one listener, for Node warns of more than ten. */
const stops = new WeakMap<AbortSignal, { readonly all: Set<() => void>; listener(): void }>();

function addStop(signal: AbortSignal, stop: () => void): void {
  const known = stops.get(signal);
  if (known) known.all.add(stop);
  else {
    const all = new Set([stop]);
    const listener = () => {
      for (const each of all) each();
    };
    stops.set(signal, { all, listener });
    signal.addEventListener('abort', listener);
  }
}

function removeStop(signal: AbortSignal, stop: () => void): void {
  const known = stops.get(signal);
  known?.all.delete(stop);
  if (!known || known.all.size > 0) return;
  stops.delete(signal);
  signal.removeEventListener('abort', known.listener);
}
