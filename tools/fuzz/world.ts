import { randomUUID } from 'node:crypto';

import { openSessionStore } from '@agent-sessions/session-core';
import type { SessionStore } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import * as redis4 from 'redis';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';

/** Sends a command past the driver. */
export type Command = (...args: string[]) => Promise<unknown>;

export interface FuzzedStore {
  readonly store: SessionStore;
  readonly keyPrefix: string;
  readonly maxMessages: number | undefined;
}

/** Stores that meet in their keys, and nobody else's. */
export interface World {
  readonly stores: readonly FuzzedStore[];
  readonly keyPrefix: string;
  readonly command: Command;
  /** Removes what was stored. */
  close(): Promise<void>;
}

/** How many stores a world has. */
export const storeCount = 4;

/** Opens worlds on a server, one after the other. */
export interface Universe {
  newWorld(): Promise<World>;
  close(): Promise<void>;
}

/** @param driver - module of a driver to be used instead of ours */
export async function openUniverse(url: string, driver?: string): Promise<Universe> {
  const clients = {
    redis4: await redis4.createClient({ url }).on('error', ignore).connect(),
    redis5: await redis5.createClient({ url }).on('error', ignore).connect(),
    redis6: await redis6.createClient({ url }).on('error', ignore).connect(),
  };
  const command: Command = (...args) => clients.redis4.sendCommand(args);
  return {
    async newWorld() {
      // What is a pattern in it must not be one to `list`.
      const keyPrefix = `fuzz:${randomUUID()}:[*]{?}`;
      const own: SessionStore[] = [];
      const open = async (options: { keyPrefix: string; maxMessages?: number }) => {
        const store = await openSessionStore({
          ...options,
          url,
          driver: driver ?? '@agent-sessions/session-redisjson',
        });
        own.push(store);
        return store;
      };
      const on = (
        client: keyof typeof clients,
        options: { keyPrefix: string; maxMessages?: number },
      ) =>
        driver === undefined ? new RedisJsonSessionStore(clients[client], options) : open(options);
      const store = async (
        made: Promise<SessionStore> | SessionStore,
        end = '',
        maxMessages?: number,
      ) => ({
        ...{ store: await made, keyPrefix: keyPrefix + end, maxMessages },
      });
      const maxMessages = 7;
      const stores = [
        await store(on('redis4', { keyPrefix })),
        await store(on('redis5', { keyPrefix: `${keyPrefix}b:` }), 'b:'),
        await store(on('redis6', { keyPrefix, maxMessages }), '', maxMessages),
        await store(open({ keyPrefix })),
      ];
      return {
        ...{ stores, keyPrefix, command },
        async close() {
          await Promise.all(own.map((each) => each.close()));
          const keys = await keysUnder(command, keyPrefix);
          if (keys.length > 0) await command('UNLINK', ...keys);
        },
      };
    },
    async close() {
      await Promise.all([clients.redis4.quit(), clients.redis5.close(), clients.redis6.close()]);
    },
  };
}

function ignore(): void {}

/** All keys of a world, past the driver. */
export async function keysUnder(command: Command, keyPrefix: string): Promise<string[]> {
  const keys: string[] = [];
  let cursor = '0';
  do {
    const pattern = `${keyPrefix.replace(/[*?[\]\\]/g, '\\$&')}*`;
    const page = await command('SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000');
    if (!Array.isArray(page) || !Array.isArray(page[1])) throw new TypeError('SCAN has no keys.');
    cursor = String(page[0]);
    keys.push(...page[1].map(String));
  } while (cursor !== '0');
  return [...new Set(keys)];
}
