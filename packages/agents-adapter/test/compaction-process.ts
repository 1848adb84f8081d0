// Compacts a session with the SDK's wrapper, and prints how long it is then.
import { AgentsSession, compactingSession } from '@agent-sessions/agents-adapter';
import { openSessionStore } from '@agent-sessions/session-redisjson';
import { OpenAIResponsesCompactionSession } from '@openai/agents';
import Type from 'typebox';

import { childInput } from './child-input.ts';

const { url, sessionId, openAiUrl } = childInput(
  Type.Object({ url: Type.String(), sessionId: Type.String(), openAiUrl: Type.String() }),
);
process.env['OPENAI_BASE_URL'] = openAiUrl;
process.env['OPENAI_API_KEY'] = 'none';
const store = await openSessionStore(url);
const session = compactingSession(
  new AgentsSession({ store, sessionId }),
  (underlyingSession) => new OpenAIResponsesCompactionSession({ underlyingSession }),
);
await session.runCompaction({ force: true });
console.log(JSON.stringify((await session.getItems()).length));
await store.close();
