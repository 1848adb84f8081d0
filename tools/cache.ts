import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isNativeError } from 'node:util/types';

const abandonedAfterMs = 60 * 60 * 1000;

/** The folder for what this repository downloads; outside the clone, so that clones share it. */
export function cacheFolder(): string {
  const own = process.env['AGENT_SESSIONS_CACHE'];
  if (own !== undefined && own !== '') return resolve(own);
  const xdg = process.env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache'), 'agent-sessions');
}

/**
 * Installs something into the cache once and returns the folder it lies in.
 *
 * It is installed into a folder of its own, whose name never changes (a Python environment cannot
 * be moved), and published by a link, which is one atomic step: what is published is complete. Of
 * two that install at once, the one that publishes second takes what the first one made.
 *
 * @param name - the name under the cache folder; put the version into it
 * @param proof - a file in it without which the installation counts as broken and is made anew
 */
export async function installOnce(
  name: string,
  proof: string,
  install: (folder: string) => Promise<void>,
): Promise<string> {
  const link = join(cacheFolder(), name);
  mkdirSync(dirname(link), { recursive: true });
  if (!existsSync(join(link, proof))) {
    rmSync(link, { force: true });
    removeAbandoned(link);
    const folder = `${link}.${randomUUID()}`;
    mkdirSync(folder);
    try {
      await install(folder);
      if (!existsSync(join(folder, proof)))
        throw new Error(`${name} was installed without ${proof}`);
      symlinkSync(folder, link, 'junction');
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (!isCode(error, 'EEXIST')) throw error;
    }
  }
  return realpathSync(link);
}

/** What a killed run left behind. */
function removeAbandoned(link: string): void {
  for (const entry of readdirSync(dirname(link))) {
    if (!entry.startsWith(`${basename(link)}.`)) continue;
    const folder = join(dirname(link), entry);
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > abandonedAfterMs) rmSync(folder, { recursive: true, force: true });
  }
}

function isCode(error: unknown, code: string): boolean {
  // Not `instanceof`: under Jest, the errors of Node are of another realm.
  return isNativeError(error) && 'code' in error && error.code === code;
}
