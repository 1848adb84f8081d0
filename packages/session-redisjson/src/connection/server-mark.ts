import { hash, randomUUID } from 'node:crypto';

import type { RunCommand } from './redis-client.ts';

/**
 * Tells a server process from the next one at the same place: by a script that this one was told, for
 * scripts end with the process. Connections do not tell it: a proxy, a pool or a sentinel client may
 * change the server behind them, and whoever asks for its name (`INFO`) needs to be allowed to.
 */
export class ServerMark {
  #script = newScript();

  /** Leaves it on a server; answers how to find out whether a server has it. */
  async leave(run: RunCommand): Promise<(run: RunCommand) => Promise<boolean>> {
    const script = this.#script;
    await run(['EVAL', script, '0']);
    const sha1 = hash('sha1', script);
    return async (later) => {
      try {
        await later(['EVALSHA', sha1, '0']);
        return true;
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        // Who left it before must not take this server for that one because it is left again.
        if (script === this.#script) this.#script = newScript();
        return false;
      }
    };
  }
}

function newScript(): string {
  return `return '${randomUUID()}'`;
}
