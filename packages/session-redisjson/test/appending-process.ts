// One of several processes that append to the same session at once. It connects, says so, waits for
// a line on its standard input, appends, and ends.
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { Conversation, type NewMessage } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { createClient } from 'redis';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    session: { type: 'string', default: '' },
    writer: { type: 'string', default: '' },
    messages: { type: 'string', default: '0' },
    batch: { type: 'string', default: '1' },
    /** Send what the Python class sends for each message, instead of committing. */
    'as-python': { type: 'boolean', default: false },
  },
});
const { url, session: sessionId, writer } = values;
const batchSize = Number(values.batch);

const client = createClient({ url });
await client.connect();
const conversation = new Conversation({ store: new RedisJsonSessionStore(client), sessionId });

console.log('connected');
// Without the line, who started it has ended.
const abandoned = once(process.stdin, 'end').then(() => process.exit(1));
await Promise.race([once(process.stdin, 'data'), abandoned]);
process.stdin.destroy();

for (let first = 0; first < Number(values.messages); first += batchSize) {
  const batch = Array.from({ length: batchSize }, (_, index) => message(first + index));
  if (values['as-python']) for (const each of batch) await appendAsPython(each);
  else await conversation.append(batch);
}
await client.quit();

function message(number: number) {
  return {
    role: 'user',
    // Read back by the test: who wrote it, where it stands, in which batch.
    content: `${writer} ${number} ${Math.floor(number / batchSize)}`,
    agent: `Writer ${writer}`,
    tokens: 1 + (number % 7),
  } as const satisfies NewMessage;
}

/** The commands of `add_message` in json_session.py of redis-openai-agents 0.1.0. */
async function appendAsPython({ role, content, agent, tokens }: ReturnType<typeof message>) {
  const key = `session:${sessionId}`;
  const record = { id: content, role, content, timestamp: Date.now() / 1000, agent, tokens };
  await client.sendCommand(['JSON.ARRAPPEND', key, '$.messages', JSON.stringify(record)]);
  await client.sendCommand(['JSON.NUMINCRBY', key, '$.metadata.message_count', '1']);
  await client.sendCommand(['JSON.NUMINCRBY', key, '$.metadata.total_tokens', String(tokens)]);
  await client.sendCommand(['JSON.SET', key, '$.updated_at', String(Date.now() / 1000)]);
}
