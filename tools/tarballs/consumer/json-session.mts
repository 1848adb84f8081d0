// A program of somebody who comes from the Python class, on the Redis whose URL it is given.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { JSONSession } from '@agent-sessions/session-redisjson';

const [redisUrl] = process.argv.slice(2);
const sessionId = randomUUID();
const session = new JSONSession({ sessionId, userId: 'ada', redisUrl, ttl: 60 });
await session.create();
await session.addMessage('user', 'Hello', undefined, 3);
await session.addMessage({ role: 'assistant', content: 'Hi!', agent: 'Greeter', tokens: 2 });
await session.close();

const loaded = await JSONSession.load(sessionId, { redisUrl });
assert.equal(loaded.userId, 'ada');
const [answer] = await loaded.getMessages({ limit: 1, role: 'assistant' });
assert.equal(answer?.content, 'Hi!');
assert.deepEqual(await loaded.toAgentInputs(), [
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Hi!' },
]);
await loaded.delete();
await loaded.close();
