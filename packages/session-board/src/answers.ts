import {
  Conversation,
  copyJson,
  copyJsonObject,
  positionsOf,
  type ReadResult,
  type SessionStore,
  stringifyJson,
} from '@agent-sessions/session-core';

import type { BoardAccess } from './session-board.ts';

/** What the page asks for, and who asks. */
export interface Asked {
  readonly store: SessionStore;
  readonly access: BoardAccess;
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
}

/** How many messages are shown at a time. */
const pageSize = 50;

/** A page of a user's sessions: `?user=…&after=…`. */
export async function answerSessions({ store, access, query, signal }: Asked): Promise<string> {
  const userId = access.userId ?? query.get('user') ?? '';
  const after = query.get('after') ?? undefined;
  const page = await store.sessions({ userId, after, state: ['title'], limit: 50, signal });
  return stringifyJson({ ...copyJsonObject(page, 'page'), userId });
}

/** What is known of a session: `?id=…`. */
export async function answerSession(asked: Asked): Promise<string> {
  const conversation = conversationOf(asked);
  const { signal } = asked;
  const [metadata, state] = await Promise.all([
    conversation.load({ signal }),
    asked.store.capabilities.state ? conversation.state(undefined, { signal }) : {},
  ]);
  return stringifyJson(copyJson({ metadata, state: withoutRun(state) }, 'session'));
}

/** The last messages of a session, or those before one: `?id=…&before=…`. */
export async function answerMessages(asked: Asked): Promise<string> {
  const before = asked.query.get('before');
  const read = await conversationOf(asked).read({
    last: pageSize,
    before: before === null ? undefined : Number(before),
    signal: asked.signal,
  });
  return messagesText(read);
}

/** Messages as the page gets them: each with its place. */
export function messagesText(read: ReadResult): string {
  const { mark, continues, first, skipped } = read;
  const places = positionsOf(read);
  const messages = read.messages.map((message, index) => ({ index: places[index], message }));
  return stringifyJson(copyJson({ mark, continues, first, skipped, messages }, 'messages'));
}

export function conversationOf({ store, access, query }: Asked): Conversation {
  return new Conversation({ store, sessionId: query.get('id') ?? '', userId: access.userId });
}

/** A run that waits holds the conversation once more: that it is there is told. */
function withoutRun(state: Readonly<Record<string, { readonly value: unknown }>>) {
  return Object.entries(state).map(([name, { value }]) => ({
    name,
    value: name === 'run' ? 'waits to be gone on with' : value,
  }));
}
