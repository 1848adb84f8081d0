import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installOnce } from '../cache.ts';
import { withEnvironment } from './with-environment.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'agent-sessions-cache-'));
});
afterEach(() => {
  rmSync(cache, { recursive: true });
});

const inCache = <Result>(task: () => Promise<Result>) =>
  withEnvironment({ AGENT_SESSIONS_CACHE: cache }, task);

const writeProof = async (folder: string) => {
  writeFileSync(join(folder, 'proof'), '');
};

test('what is installed is not installed again', async () => {
  let installs = 0;
  const install = async (folder: string) => {
    installs += 1;
    await writeProof(folder);
  };
  const first = await inCache(() => installOnce('thing', 'proof', install));
  const second = await inCache(() => installOnce('thing', 'proof', install));
  expect(second).toBe(first);
  expect(installs).toBe(1);
});

test('what has lost a file is installed anew', async () => {
  const first = await inCache(() => installOnce('thing', 'proof', writeProof));
  rmSync(join(first, 'proof'));
  const second = await inCache(() => installOnce('thing', 'proof', writeProof));
  expect(second).not.toBe(first);
  expect(existsSync(join(second, 'proof'))).toBe(true);
});

test('an installation that fails leaves nothing', async () => {
  const failing = inCache(() =>
    installOnce('thing', 'proof', async (folder) => {
      await writeProof(folder);
      throw new Error('no network');
    }),
  );
  await expect(failing).rejects.toThrow('no network');
  expect(readdirSync(cache)).toEqual([]);
});

test('what a killed installation has left is removed, once it is old', async () => {
  const [old, fresh] = ['thing.old', 'thing.fresh'].map((name) => join(cache, name));
  for (const folder of [old, fresh]) mkdirSync(folder ?? '');
  utimesSync(old ?? '', 0, 0);
  await inCache(() => installOnce('thing', 'proof', writeProof));
  expect(readdirSync(cache)).not.toContain('thing.old');
  expect(readdirSync(cache)).toContain('thing.fresh');
});

test('whoever publishes second takes what the first has made', async () => {
  const winner = mkdtempSync(join(cache, 'winner-'));
  await writeProof(winner);
  const folder = await inCache(() =>
    installOnce('thing', 'proof', async (target) => {
      await writeProof(target);
      symlinkSync(winner, join(cache, 'thing'));
    }),
  );
  expect(folder).toBe(winner);
});
