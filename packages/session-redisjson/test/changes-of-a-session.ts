import { Conversation } from '@agent-sessions/session-core';
import type { CommitOptions, CommitResult, SessionStore } from '@agent-sessions/session-core';

const said = (content: string, tokens = 1) => ({ role: 'user', content, tokens }) as const;

/** What can be seen of a session. */
export async function sightOf(store: SessionStore, sessionId: string) {
  const conversation = new Conversation({ store, sessionId });
  const [messages, metadata, state] = await Promise.all([
    conversation.messages(),
    conversation.metadata(),
    conversation.state(),
  ]);
  return {
    contents: messages.map(({ content }) => content),
    tokens: metadata?.totalTokens,
    count: metadata?.messageCount,
    agents: metadata?.agentsUsed,
    requests: metadata?.usage.requests,
    values: Object.fromEntries(Object.entries(state).map(([name, { value }]) => [name, value])),
  };
}

export type Sight = Awaited<ReturnType<typeof sightOf>>;

/** The session that most changes are made to. */
export const before: Sight = {
  contents: ['one', 'two', 'three'],
  tokens: 6,
  count: 3,
  agents: ['Desk'],
  requests: 1,
  values: { title: 'Weather', odd: -0 },
};

export async function begin(store: SessionStore, sessionId: string): Promise<void> {
  await beginning(new Conversation({ store, sessionId, ttlMs: 3_600_000 }));
}

function beginning(conversation: Conversation): Promise<CommitResult> {
  return conversation.commit(
    {
      append: [said('one'), said('two', 2), said('three', 3)],
      agent: 'Desk',
      usage: { requests: 1 },
      state: { title: 'Weather', odd: -0 },
    },
    { operationId: 'begun' },
  );
}

/** A change, and what the session is after it. */
export interface Change {
  readonly run: (conversation: Conversation, options: CommitOptions) => Promise<unknown>;
  readonly after: Sight;
  /** There is no session before. @defaultValue false */
  readonly begins?: boolean;
}

const nothing = { requests: 0, agents: [], values: {} };

/** A change of every kind: each writes other members of the document, by other commands. */
export const changes: Readonly<Record<string, Change>> = {
  append: {
    run: (conversation, options) => conversation.append([said('four', 4)], options),
    after: { ...before, contents: ['one', 'two', 'three', 'four'], tokens: 10, count: 4 },
  },
  'a commit that creates': {
    begins: true,
    run: (conversation, options) =>
      conversation.commit({ append: [said('one', 5)], state: { title: 'New' } }, options),
    after: { ...nothing, contents: ['one'], tokens: 5, count: 1, values: { title: 'New' } },
  },
  create: {
    begins: true,
    run: (conversation) => conversation.create(),
    after: { ...nothing, contents: [], tokens: 0, count: 0 },
  },
  replaceTail: {
    run: (conversation, options) => conversation.replaceTail(1, [said('instead', 7)], options),
    after: { ...before, contents: ['one', 'two', 'instead'], tokens: 10 },
  },
  'replaceTail of all': {
    run: (conversation, options) => conversation.replaceTail('all', [said('anew', 7)], options),
    after: { ...before, contents: ['anew'], tokens: 7, count: 1 },
  },
  pop: {
    run: (conversation, options) => conversation.pop(options),
    after: { ...before, contents: ['one', 'two'], tokens: 3, count: 2 },
  },
  clear: {
    run: (conversation, options) => conversation.clear(options),
    after: { ...before, contents: [], tokens: 0, count: 0 },
  },
  'a clear that forgets': {
    run: (conversation, options) =>
      conversation.commit({ drop: 'all', dropUnreadable: true, forgetOperations: true }, options),
    after: { ...before, contents: [], tokens: 0, count: 0 },
  },
  'an agent': {
    run: (conversation, options) => conversation.trackAgent('Triage', options),
    after: { ...before, agents: ['Desk', 'Triage'] },
  },
  values: {
    run: (conversation, options) =>
      conversation.setState({ title: null, tags: ['a'], odd: 1, more: -0 }, options),
    after: { ...before, values: { tags: ['a'], odd: 1, more: -0 } },
  },
  usage: {
    run: (conversation, options) => conversation.commit({ usage: { requests: 2 } }, options),
    after: { ...before, requests: 3 },
  },
  'all at once': {
    run: (conversation, options) =>
      conversation.commit(
        {
          drop: 2,
          append: [said('instead', 7)],
          agent: 'Triage',
          state: { title: 'Changed' },
          usage: { requests: 1 },
          returnDropped: true,
        },
        options,
      ),
    after: {
      contents: ['one', 'instead'],
      tokens: 8,
      count: 2,
      agents: ['Desk', 'Triage'],
      requests: 2,
      values: { title: 'Changed', odd: -0 },
    },
  },
  'the same operation again': {
    run: beginning,
    after: before,
  },
};
