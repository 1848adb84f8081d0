// The sessions that the examples of the Agents SDK have, written after them: what one who copies an
// example has. Both check every item that they read, and leave out what they do not know.
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { type AgentInputItem, protocol, type Session } from '@openai/agents-core';

import { until } from '../../tools/until.ts';
import { parse } from './floors.ts';
import type { Peer } from './peer.ts';
import { minimalSession, sdkPeer } from './sdk.ts';

/** `examples/memory/file.ts`: a file of JSON a session, read and written as a whole. */
export async function fileSessionPeer(folder: string): Promise<Peer> {
  await mkdir(folder, { recursive: true });
  return sdkPeer((id) => fileSession(folder, id));
}

export function fileSession(folder: string, id: string): Session {
  const file = join(folder, `${id}.json`);
  const isThere = async () => {
    await mkdir(folder, { recursive: true });
    await access(file).catch(() => writeFile(file, '[]'));
  };
  const read = async () => known(JSON.parse(await readFile(file, 'utf8')));
  return minimalSession(
    id,
    async (limit) => {
      await isThere();
      const items = await read();
      return limit === undefined ? items : items.slice(-limit);
    },
    async (items) => {
      await isThere();
      await writeFile(file, JSON.stringify([...(await read()), ...items], null, 2));
    },
  );
}

/**
 * `examples/memory/sessions/prisma.ts`, on PostgreSQL: a row an item, in a transaction.
 *
 * @param place - the URL of the database, `#`, and the folder where Prisma is installed
 */
export async function prismaPeer(place: string): Promise<Peer> {
  const [url = '', folder = ''] = place.split('#');
  const load = createRequire(join(folder, 'package.json'));
  const client: unknown = load('@prisma/client');
  const adapter: unknown = load('@prisma/adapter-pg');
  if (!hasClient(client) || !hasAdapter(adapter)) throw new TypeError('It is no Prisma.');
  const prisma = new client.PrismaClient({
    adapter: new adapter.PrismaPg({ connectionString: url }),
  });
  await until('PostgreSQL answers', async () => {
    for (const statement of tables) await prisma.$executeRawUnsafe(statement);
    return true;
  });
  return sdkPeer(
    (id) => prismaSession(prisma, id),
    () => prisma.$disconnect(),
  );
}

function prismaSession(prisma: Prisma, sessionId: string): Session {
  const isThere = () =>
    prisma.session.upsert({ where: { id: sessionId }, create: { id: sessionId }, update: {} });
  return minimalSession(
    sessionId,
    async (limit) => {
      await isThere();
      const rows = await prisma.sessionItem.findMany({
        where: { sessionId },
        orderBy: { position: limit === undefined ? 'asc' : 'desc' },
        take: limit,
      });
      const inOrder = limit === undefined ? rows : rows.toReversed();
      return known(inOrder.map(({ item }) => parse(String(item))));
    },
    async (items) => {
      await isThere();
      const patient = { maxWait: 120_000, timeout: 120_000 };
      await prisma.$transaction(async ({ sessionItem }) => {
        const last = await sessionItem.findFirst({
          where: { sessionId },
          select: { position: true },
          orderBy: { position: 'desc' },
        });
        const next = (last?.position ?? 0) + 1;
        const data = known(items).map((item, index) => ({
          ...{ sessionId, position: next + index, item: JSON.stringify(item) },
        }));
        await sessionItem.createMany({ data });
      }, patient);
    },
  );
}

/** What `prisma migrate` would make of the schema. */
const tables = [
  `CREATE TABLE IF NOT EXISTS "Session" (
    "id" TEXT PRIMARY KEY,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS "SessionItem" (
    "id" SERIAL PRIMARY KEY,
    "sessionId" TEXT NOT NULL REFERENCES "Session" ON DELETE CASCADE ON UPDATE CASCADE,
    "position" INTEGER NOT NULL,
    "item" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
  `CREATE UNIQUE INDEX IF NOT EXISTS "SessionItem_sessionId_position_key"
    ON "SessionItem" ("sessionId", "position")`,
];

interface Items {
  findFirst(query: object): Promise<{ readonly position: number } | null>;
  findMany(query: object): Promise<readonly { readonly item: unknown }[]>;
  createMany(rows: object): Promise<unknown>;
}

/** The part of the generated client that the session uses. */
interface Prisma {
  readonly session: { upsert(query: object): Promise<unknown> };
  readonly sessionItem: Items;
  $executeRawUnsafe(statement: string): Promise<unknown>;
  $transaction(
    task: (transaction: { readonly sessionItem: Items }) => Promise<void>,
    options: object,
  ): Promise<void>;
  $disconnect(): Promise<void>;
}

function hasClient(
  module: unknown,
): module is { readonly PrismaClient: new (options: object) => Prisma } {
  return typeof module === 'object' && module !== null && 'PrismaClient' in module;
}

function hasAdapter(
  module: unknown,
): module is { readonly PrismaPg: new (options: object) => object } {
  return typeof module === 'object' && module !== null && 'PrismaPg' in module;
}

function known(items: unknown): AgentInputItem[] {
  if (!Array.isArray(items)) return [];
  return items.flatMap((item) => {
    const { success, data } = protocol.ModelItem.safeParse(item);
    return success ? [data] : [];
  });
}
