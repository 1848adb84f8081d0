// A program that names the module of its driver.
import assert from 'node:assert/strict';

import { Conversation, openSessionStore } from '@agent-sessions/session-core';

const config = { url: 'own:sessions', driver: 'own-driver', colour: 'blue' };
const store = await openSessionStore(config);
const conversation = new Conversation({ store, sessionId: 'session-1' });
await conversation.append([{ role: 'user', content: 'Hello' }]);
assert.equal((await conversation.messages()).length, 1);
await store.close();
