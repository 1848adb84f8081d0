// `npm run demo`: gets a Redis with JSON, lets two processes hold one conversation, and shows what
// is kept of it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

import { Conversation, openSessionStore } from '@agent-sessions/session-core';
import type { Message, SessionMetadata } from '@agent-sessions/session-core';
import { createClient } from 'redis';

import { type ProvidedRedis, provideRedis } from '../tools/redis-server/index.ts';

const morning = ['Good morning, I am Ada.', 'Where is my order A-17?'];
const evening = ['Do you remember me?'];
const sessionId = `demo-${randomUUID()}`;

// Without a key nothing may leave the machine, traces neither.
if (!process.env['OPENAI_API_KEY']) process.env['OPENAI_AGENTS_DISABLE_TRACING'] = '1';

const redis = await provideRedis().catch((error: Error) => {
  console.log(`${error.message}\n\nUntil then: in memory, within one process.`);
});
try {
  await (redis ? inTwoProcesses(redis) : inOneProcess());
} finally {
  await redis?.stop();
}

async function inTwoProcesses({ url }: ProvidedRedis): Promise<void> {
  await runExample(url, morning);
  await runExample(url, evening);

  const store = await openSessionStore(url);
  const conversation = new Conversation({ store, sessionId });
  show(await conversation.messages(), await conversation.load());
  await store.close();

  const client = createClient({ url });
  client.on('error', console.error);
  await client.connect();
  console.log(`\nThe document at session:${sessionId}`);
  console.log(JSON.stringify(await client.json.get(`session:${sessionId}`), null, 2));
  await client.quit();
}

async function inOneProcess(): Promise<void> {
  const { converse } = await import('./order-desk.ts');
  const { messages, metadata } = await converse('memory:', sessionId, [...morning, ...evening]);
  show(messages, metadata);
}

async function runExample(url: string, inputs: string[]): Promise<void> {
  const program = new URL('order-desk.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [...process.execArgv, program, sessionId, ...inputs], {
    env: { ...process.env, SESSION_STORE: url },
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
