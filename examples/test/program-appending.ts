// Appends messages to the session "of two", one after the other, once it is told to go.
//
//   node program-appending.ts <file> <name> <count>
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

import { Conversation } from '@agent-sessions/session-core';

import { SqliteSessionStore } from '../sqlite-session-store.ts';

const [path = '', name = '', count = ''] = process.argv.slice(2);
const store = new SqliteSessionStore({ path });
const conversation = new Conversation({ store, sessionId: 'of two' });

const told = once(process, 'message');
process.send?.('ready');
await told;
for (let index = 0; index < Number(count); index += 1) {
  await conversation.append([{ role: 'user', content: `${name} ${index}` }]);
  // Lets the other in, which asks for the lock from time to time only.
  await setTimeout(1);
}
await store.close();
process.disconnect();
