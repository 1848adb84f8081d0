// Commits what it is told to, prints what became of it as one line of JSON, and ends by itself: a
// socket, a timer or a rejection that the driver leaves behind keeps it from that, or fails it.
import { parseArgs } from 'node:util';

import { SessionError } from '@agent-sessions/session-core';
import type { Commit } from '@agent-sessions/session-core';
import { openSessionStore } from '@agent-sessions/session-redisjson';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    session: { type: 'string', default: '' },
    /** A commit, as JSON. */
    commit: { type: 'string', default: '{}' },
    'deadline-ms': { type: 'string', default: '5000' },
  },
});
const commit = JSON.parse(values.commit) as Commit;
const options = { deadlineMs: Number(values['deadline-ms']) };

const outcome = await openSessionStore(values.url, options).then(async (store) => {
  const result = await store.commit(values.session, commit).catch(toOutcome);
  await store.close();
  return result;
}, toOutcome);
console.log(JSON.stringify(outcome));

function toOutcome(error: unknown) {
  if (!(error instanceof SessionError)) throw error;
  const { code, outcome: what, retryable, operationId } = error;
  return { code, outcome: what, retryable, operationId };
}
