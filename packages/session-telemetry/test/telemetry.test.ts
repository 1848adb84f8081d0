import { Conversation } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { TelemetrySessionStore } from '@agent-sessions/session-telemetry';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Recording } from './recording.ts';

let recording: Recording;
beforeEach(() => {
  recording = new Recording();
});
afterEach(() => recording.end());

function newConversation(options: { recordUserId?: boolean } = {}) {
  const store = new TelemetrySessionStore(new MemorySessionStore(), {
    ...recording.providers,
    ...options,
  });
  return { store, conversation: new Conversation({ store, sessionId: 'chat', userId: 'ada' }) };
}

describe('a span', () => {
  test('of a call names the session, what was done, and how long the history is', async () => {
    const { conversation } = newConversation();
    const { mark } = await conversation.append([said('one'), said('two')]);
    await conversation.pop();
    await conversation.read({ since: mark ?? undefined });
    const [append, pop, read] = recording.spans;
    expect(append).toMatchObject({
      name: 'session.commit',
      kind: SpanKind.INTERNAL,
      attributes: {
        'gen_ai.conversation.id': 'chat',
        'agent_sessions.added': 2,
        'agent_sessions.dropped': 0,
        'agent_sessions.length': 2,
        'agent_sessions.repeated': false,
      },
    });
    expect(pop?.attributes).toMatchObject({
      'agent_sessions.dropped': 1,
      'agent_sessions.length': 1,
    });
    expect(read).toMatchObject({
      name: 'session.read',
      attributes: { 'agent_sessions.continues': false, 'agent_sessions.read': 1 },
    });
  });

  test('of a call that fails has the code of the error, and what became of the change', async () => {
    const { conversation } = newConversation();
    const { mark } = await conversation.append([said('one')]);
    await conversation.append([said('two')]);
    const late = conversation.append([said('three')], { expect: mark });
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
    expect(recording.spans.at(-1)).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'conflict', 'agent_sessions.outcome': 'not_applied' },
    });
    expect((await recording.metrics()).get('agent_sessions.conflicts')).toMatchObject([
      { value: 1 },
    ]);
  });

  test('of a list ends with it, also where nobody wants the rest', async () => {
    const { store, conversation } = newConversation();
    await conversation.create();
    for await (const sessionId of store.list()) {
      expect(sessionId).toBe('chat');
      break;
    }
    expect(recording.spans.at(-1)).toMatchObject({
      name: 'session.list',
      attributes: { 'agent_sessions.found': 1 },
    });
  });

  test('names the user only where that is wanted', async () => {
    await newConversation().conversation.create();
    await newConversation({ recordUserId: true }).conversation.create();
    expect(recording.spans.map(({ attributes }) => attributes['enduser.id'])).toEqual([
      undefined,
      'ada',
    ]);
  });
});

test('a commit that was made before is counted as repeated, and its length not twice', async () => {
  const { conversation } = newConversation();
  for (let time = 0; time < 3; time += 1) {
    await conversation.append([said('one')], { operationId: 'once' });
  }
  const metrics = await recording.metrics();
  expect(metrics.get('agent_sessions.repeats')).toMatchObject([{ value: 2 }]);
  expect(metrics.get('agent_sessions.session.length')).toMatchObject([{ value: { count: 1 } }]);
  expect(metrics.get('agent_sessions.operation.duration')).toMatchObject([
    { attributes: { 'agent_sessions.operation': 'commit' }, value: { count: 3 } },
  ]);
});

test('whatever is said, titled, kept or gone wrong: nothing of it is in a span or a metric', () =>
  fc.assert(
    fc.asyncProperty(fc.stringMatching(/^secret[a-z]{12}$/), async (secret) => {
      const { store, conversation } = newConversation();
      const calls: (() => Promise<unknown>)[] = [
        () => conversation.append([said(secret)], { operationId: secret }),
        () => conversation.append([{ role: 'user', item: { type: secret, [secret]: secret } }]),
        () => conversation.setState({ title: secret, [secret]: secret }),
        () => conversation.setState({ [`-${secret}`]: secret }),
        () => conversation.trackAgent(secret),
        () => conversation.append([said(secret)], { operationId: 'fixed' }),
        () => conversation.append([said(`other ${secret}`)], { operationId: 'fixed' }),
        () => conversation.commit({ append: [{ role: 'user', content: () => secret }] }),
        () => conversation.state([secret]),
        () => store.sessions({ userId: 'ada', state: [secret], after: secret }),
        () => conversation.pop(),
        () => conversation.read(),
        () => conversation.metadata(),
      ];
      for (const call of calls) await call().catch(() => {});
      const told = recording.spans.map(({ name, attributes, status, events }) => ({
        ...{ name, attributes, status, events },
      }));
      expect(told).toHaveLength(calls.length);
      expect(JSON.stringify(told)).not.toContain('secret');
      expect(JSON.stringify([...(await recording.metrics())])).not.toContain('secret');
      recording = new Recording();
    }),
    { numRuns: 20, seed: 5 },
  ));

function said(content: string) {
  return { role: 'user' as const, content };
}
