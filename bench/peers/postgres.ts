import { chmod, chown, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { existsSync, readdirSync } from 'node:fs';

import { installOnce } from '../../tools/cache.ts';
import { unusedPort } from '../../tools/port-of.ts';
import { spawnGuarded } from '../../tools/redis-server/guarded-process.ts';
import { runCommand } from '../../tools/run-command.ts';

/** A PostgreSQL of our own, in a folder that goes with it. */
export interface Postgres {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL that is installed, with the settings that it has by itself.
 *
 * @throws Error where there is none
 */
export async function startPostgres(): Promise<Postgres> {
  const bin = binaries();
  const folder = await mkdtemp(join(tmpdir(), 'agent-sessions-postgres-'));
  const data = join(folder, 'data');
  await mkdir(data);
  const user = await userOfServer();
  if (user) {
    await chmod(folder, 0o755);
    await chown(data, user.uid, user.gid);
  }
  const as = (command: string, ...args: string[]): [string, ...string[]] => {
    const program = join(bin, command);
    if (!user) return [program, ...args];
    const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
    return ['setpriv', ...ids, program, ...args];
  };
  const [initdb, ...initdbArgs] = as(
    'initdb',
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    'bench',
    '-E',
    'UTF8',
  );
  await runCommand(initdb, initdbArgs);
  const port = await unusedPort();
  const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
  const server = await spawnGuarded(
    as('postgres', '-D', data, '-p', `${port}`, ...settings),
    folder,
  );
  return {
    url: `postgresql://bench@127.0.0.1:${port}/postgres`,
    pid: server.pid,
    stop: () => server.remove(),
  };
}

/** Where `initdb` and `postgres` are: Debian keeps them off the PATH. */
function binaries(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted() : [];
  const folders = [
    ...versions.toReversed().map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')));
  if (found !== undefined) return found;
  throw new Error('there is no PostgreSQL here (Debian: apt-get install postgresql)');
}

/** It does not run as root. */
async function userOfServer(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (option: string) => Number(await runCommand('id', [option, 'postgres']));
  return { uid: await id('-u'), gid: await id('-g') };
}

const prisma = '7.10.0';

/** As the example of the SDK has it, on PostgreSQL. */
const schema = `
generator client {
  provider = "prisma-client-js"
}
datasource db {
  provider = "postgresql"
}
model Session {
  id        String        @id
  createdAt DateTime      @default(now())
  updatedAt DateTime      @updatedAt
  items     SessionItem[]
}
model SessionItem {
  id        Int      @id @default(autoincrement())
  sessionId String
  position  Int
  item      Json
  createdAt DateTime @default(now())
  session   Session  @relation(fields: [sessionId], references: [id], onDelete: Cascade)

  @@unique([sessionId, position])
}
`;

/**
 * Installs Prisma into the cache, with a client for the schema: 300 MB that nobody else here needs.
 * Its engine of migrations cannot be had everywhere, and is not needed.
 *
 * @throws Error where it cannot be had
 */
export function providePrisma(log: (line: string) => void = console.error): Promise<string> {
  const proof = 'node_modules/.prisma/client/index.js';
  return installOnce(`prisma-${prisma}-sessions`, proof, async (folder) => {
    log(`Downloading prisma@${prisma} from npm`);
    const packages = ['prisma', '@prisma/client', '@prisma/adapter-pg'];
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const names = packages.map((name) => `${name}@${prisma}`);
    await runCommand('npm', ['install', ...quiet, '--prefix', folder, ...names]);
    await mkdir(join(folder, 'prisma'));
    const file = join(folder, 'prisma/schema.prisma');
    await writeFile(file, schema);
    await runCommand(join(folder, 'node_modules/.bin/prisma'), ['generate', '--schema', file], {
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        CHECKPOINT_DISABLE: '1',
      },
    });
  });
}
