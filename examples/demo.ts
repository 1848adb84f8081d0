// `npm run demo`: gets a Redis with JSON, lets two processes hold one conversation, and shows what
// is kept of it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { Conversation, openSessionStore } from '@agent-sessions/session-core';
import type { Message, SessionMetadata, SessionStoreConfig } from '@agent-sessions/session-core';
import { createClient } from 'redis';

import { type ProvidedRedis, provideRedis } from '../tools/redis-server/index.ts';

const morning = ['Good morning, I am Ada.', 'Where is my order A-17?'];
const evening = ['Do you remember me?'];
const sessionId = `demo-${randomUUID()}`;

// Without a key nothing may leave the machine, traces neither.
if (!process.env['OPENAI_API_KEY']) process.env['OPENAI_AGENTS_DISABLE_TRACING'] = '1';

// `npm run demo -- sqlite:./sessions.db` runs it on the driver beside this file instead.
const [otherUrl] = process.argv.slice(2);
const redis = otherUrl === undefined ? await findRedis() : undefined;
try {
  if (redis !== undefined) await inTwoProcesses({ url: redis.url }).then(showDocument);
  else if (otherUrl === undefined || otherUrl === 'memory:') await inOneProcess();
  else await inTwoProcesses(configOf(otherUrl));
} finally {
  await redis?.stop();
}

async function findRedis(): Promise<ProvidedRedis | undefined> {
  try {
    return await provideRedis();
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
    console.log('\nUntil then: in memory, within one process.');
    return undefined;
  }
}

function configOf(url: string): SessionStoreConfig {
  const driver = new URL('sqlite-session-store.ts', import.meta.url).href;
  return url.startsWith('sqlite:') ? { url, driver } : { url };
}

async function inTwoProcesses(config: SessionStoreConfig): Promise<void> {
  await runExample(config, morning);
  await runExample(config, evening);

  const store = await openSessionStore(config);
  const conversation = new Conversation({ store, sessionId });
  show(await conversation.messages(), await conversation.load());
  await store.close();
}

async function showDocument(): Promise<void> {
  const client = createClient({ url: redis?.url ?? '' });
  client.on('error', console.error);
  await client.connect();
  console.log(`\nThe document at session:${sessionId}`);
  console.log(JSON.stringify(await client.json.get(`session:${sessionId}`), null, 2));
  await client.quit();
}

async function inOneProcess(): Promise<void> {
  const { converse } = await import('./order-desk.ts');
  const config = { url: 'memory:' };
  const { messages, metadata } = await converse(config, sessionId, [...morning, ...evening]);
  show(messages, metadata);
}

async function runExample(
  { url, driver = '' }: SessionStoreConfig,
  inputs: string[],
): Promise<void> {
  const program = fileURLToPath(new URL('order-desk.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, program, sessionId, ...inputs], {
    env: { ...process.env, SESSION_STORE: url, ...(driver && { SESSION_DRIVER: driver }) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  console.log(`\nProcess ${child.pid} begins`);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`The example ended with exit code ${String(code)}.`);
  console.log(`Process ${child.pid} has ended`);
}

function show(messages: Message[], metadata: SessionMetadata): void {
  console.log('\nThe transcript');
  for (const { role, content, item } of messages) {
    console.log(
      `  ${role.padEnd(10)} ${JSON.stringify(item?.['type'] === 'message' ? content : item)}`,
    );
  }
  console.log('\nThe metadata\n ', metadata);
}
