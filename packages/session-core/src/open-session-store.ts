import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { SessionError, wrongType } from './contract/errors.ts';
import type { SessionStore } from './contract/store.ts';

/** Where a store is, and what else its driver wants to know. */
export interface SessionStoreConfig {
  /** The scheme says which driver serves it: `redis:`, `rediss:`, `memory:`. */
  readonly url: string;
  /**
   * The module of another driver: a package name, a path from the working directory, or a file URL.
   * It exports `openSessionStore(url, options)`.
   */
  readonly driver?: string | undefined;
  /** The options of the driver. */
  readonly [option: string]: unknown;
}

/** What a driver's module exports: the whole plug. */
export interface SessionStoreDriver {
  openSessionStore(
    url: string,
    options: Readonly<Record<string, unknown>>,
  ): SessionStore | Promise<SessionStore>;
}

const drivers: Readonly<Record<string, string>> = {
  'redis:': '@agent-sessions/session-redisjson',
  'rediss:': '@agent-sessions/session-redisjson',
  'memory:': '@agent-sessions/session-memory',
};

/**
 * Opens the store that a URL or a configuration names. The driver is imported on demand; close the
 * store to end what it opened.
 *
 * @throws SessionError `driver_not_found` where no driver serves the URL or it is not installed,
 * and what the driver throws where the store cannot be opened
 */
export async function openSessionStore(config: string | SessionStoreConfig): Promise<SessionStore> {
  const { url, driver, ...options } = typeof config === 'string' ? { url: config } : config;
  if (typeof url !== 'string')
    throw wrongType('url', 'must be a string such as redis://localhost:6379.');
  const { openSessionStore: open } = await importDriver(driver ?? driverFor(url));
  return open(url, options);
}

function driverFor(url: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0].toLowerCase() ?? '';
  const driver = drivers[scheme];
  if (driver !== undefined) return driver;
  throw new SessionError(
    'driver_not_found',
    `No driver is known for ${scheme === '' ? 'a URL without a scheme' : scheme}. Use one of ${Object.keys(drivers).join(', ')} or name the module of a driver as \`driver\`.`,
  );
}

async function importDriver(name: string): Promise<SessionStoreDriver> {
  let module: unknown;
  try {
    module = await import(driverLocation(name));
  } catch (cause) {
    throw new SessionError(
      'driver_not_found',
      `The driver ${name} could not be loaded. Install it (npm install ${name}) or correct \`driver\`.`,
      { cause },
    );
  }
  if (isDriver(module)) return module;
  throw new SessionError(
    'driver_not_found',
    `${name} exports no function openSessionStore(url, options).`,
  );
}

/** Resolves from the application first: that is where drivers are installed. */
function driverLocation(name: string): string {
  if (/^(\.{0,2}\/|[A-Za-z]:\\)/.test(name)) return pathToFileURL(resolve(name)).href;
  if (name.startsWith('file:')) return name;
  try {
    const resolved = createRequire(join(process.cwd(), 'package.json')).resolve(name);
    return pathToFileURL(resolved).href;
  } catch {
    return name;
  }
}

function isDriver(module: unknown): module is SessionStoreDriver {
  return (
    typeof module === 'object' &&
    module !== null &&
    'openSessionStore' in module &&
    typeof module.openSessionStore === 'function'
  );
}
