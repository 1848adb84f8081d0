// Writes to a session with a clock that steps back by decades, and prints what is left of its TTL
// after each write.
import { Conversation } from '@agent-sessions/session-core';
import { RedisJsonSessionStore } from '@agent-sessions/session-redisjson';
import { createClient } from 'redis';

const [url = '', sessionId = ''] = process.argv.slice(2);
const client = createClient({ url });
await client.connect();
const conversation = new Conversation({ store: new RedisJsonSessionStore(client), sessionId });

for (const year of [2040, 1999]) {
  Date.now = () => Date.UTC(year);
  await conversation.append([{ role: 'user', content: `year ${year}` }]);
  console.log(await client.pTTL(`session:${sessionId}`));
}
await client.quit();
