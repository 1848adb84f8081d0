import type { createClient } from 'redis';

import { infoField } from '../../tools/redis-server/server-facts.ts';

/** What some work has cost the server. */
export interface ServerCost {
  /** Time in its commands, in µs, by `INFO commandstats`. */
  readonly commandUs: number;
  /** Time of its main thread with all that it does, in µs, by `INFO cpu`. */
  readonly cpuUs: number;
  /** Bytes that it was sent, and that it has sent. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Commands that run others, whose time is in theirs. */
const containers = ['eval', 'evalsha', 'fcall', 'exec'];
/** What goes before or beside them, and is run by none. */
const neverContained = ['multi', 'watch', 'unwatch', 'time', 'type'];

/** Reads what a server counts of itself, on a connection of its own. Others must be quiet meanwhile. */
export class ServerMeter {
  readonly #client: ReturnType<typeof createClient>;

  constructor(client: ReturnType<typeof createClient>) {
    this.#client = client;
  }

  async measure<Result>(
    work: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly cost: ServerCost }> {
    const first = await this.#look();
    const before = await this.#look();
    const result = await work();
    const cost = difference(before, await this.#look());
    // A look is in the figures of the next.
    const own = difference(first, before);
    return {
      result,
      cost: {
        commandUs: cost.commandUs,
        cpuUs: Math.max(cost.cpuUs - own.cpuUs, 0),
        receivedBytes: cost.receivedBytes - own.receivedBytes,
        sentBytes: cost.sentBytes - own.sentBytes,
      },
    };
  }

  /** Memory that the server needs for the keys with a text in their names, by `MEMORY USAGE`, in bytes. */
  async memoryOf(text: string): Promise<number> {
    let bytes = 0;
    for await (const key of this.#client.scanIterator({ MATCH: `*${text}*`, COUNT: 1000 })) {
      bytes += (await this.#client.memoryUsage(key, { SAMPLES: 0 })) ?? 0;
    }
    return bytes;
  }

  async #look(): Promise<Look> {
    const info = String(await this.#client.sendCommand(['INFO', 'cpu', 'stats', 'commandstats']));
    const number = (field: string) => Number(infoField(info, field) ?? 0);
    const commands = Array.from(
      info.matchAll(/^cmdstat_(?<name>[^:|]+)\S*:calls=(?<calls>\d+),usec=(?<usec>\d+)/gm),
      ({ groups }) => [String(groups?.['name']), Number(groups?.['usec'])] as const,
    );
    const commandUs = new Map<string, number>();
    for (const [name, usec] of commands) commandUs.set(name, (commandUs.get(name) ?? 0) + usec);
    return {
      commandUs,
      cpuUs: 1e6 * (number('used_cpu_user_main_thread') + number('used_cpu_sys_main_thread')),
      receivedBytes: number('total_net_input_bytes'),
      sentBytes: number('total_net_output_bytes'),
    };
  }
}

type Look = Omit<ServerCost, 'commandUs'> & { readonly commandUs: ReadonlyMap<string, number> };

function difference(before: Look, after: Look): ServerCost {
  const spent = new Map(
    Array.from(after.commandUs, ([name, usec]) => [name, usec - (before.commandUs.get(name) ?? 0)]),
  );
  spent.delete('info');
  const isContaining = containers.some((name) => (spent.get(name) ?? 0) > 0);
  const counted = Array.from(spent).filter(
    ([name]) => !isContaining || containers.includes(name) || neverContained.includes(name),
  );
  return {
    commandUs: counted.reduce((sum, [, usec]) => sum + usec, 0),
    cpuUs: after.cpuUs - before.cpuUs,
    receivedBytes: after.receivedBytes - before.receivedBytes,
    sentBytes: after.sentBytes - before.sentBytes,
  };
}
