import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installOnce } from '../cache.ts';
import { startProgram } from './start-program.ts';
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

const startInstalling = (goAhead: string) =>
  startProgram('tools/test/program-installing-once.ts', [goAhead], { AGENT_SESSIONS_CACHE: cache });

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

test('of two processes at once, one installs and the other takes it', async () => {
  const goAhead = join(cache, 'go-ahead');
  const first = startInstalling(goAhead);
  expect(await first.nextLine()).toBe('started');
  expect(await first.nextLine()).toBe('installing');
  const second = startInstalling(goAhead);
  expect(await second.nextLine()).toBe('started');
  writeFileSync(goAhead, '');
  const folder = await first.nextLine();
  expect(await second.nextLine()).toBe(folder);
  expect(await Promise.all([first.exited, second.exited])).toEqual([0, 0]);
});

test('an installation whose process was killed does not hold up the next', async () => {
  const killed = startInstalling('/never');
  expect(await killed.nextLine()).toBe('started');
  expect(await killed.nextLine()).toBe('installing');
  killed.child.kill('SIGKILL');
  await killed.exited;
  expect(readdirSync(cache)).toContain('thing.lock');
  const folder = await inCache(() => installOnce('thing', 'proof', writeProof));
  expect(existsSync(join(folder, 'proof'))).toBe(true);
  expect(readdirSync(cache)).not.toContain('thing.lock');
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
