import { AgentsSession } from '@agent-sessions/agents-adapter';
import { CachingSessionStore } from '@agent-sessions/session-cache';
import type { SessionStore } from '@agent-sessions/session-core';
import { MemorySession } from '@openai/agents-core';
import type { AgentInputItem, Session } from '@openai/agents-core';

import { connect, member } from './floors.ts';
import { memoized } from './memoized.ts';
import { type SaidMessage, ttlSeconds } from './messages.ts';
import { nodePeer } from './node-peer.ts';
import { driver } from './ours.ts';
import type { Peer } from './peer.ts';

/** A session of the Agents SDK, asked as the SDK asks it. */
export function sdkPeer(
  open: (sessionId: string) => Session,
  close?: () => Promise<unknown>,
): Peer {
  const sessionOf = memoized(open);
  return nodePeer({
    append: (session, messages) => sessionOf(session).addItems(messages.map(itemOf)),
    last: (session, limit) => sessionOf(session).getItems(limit),
    all: (session) => sessionOf(session).getItems(),
    contentOf: textOfItem,
    close,
  });
}

export async function agentsSessionPeer(url: string): Promise<Peer> {
  const client = await connect(url);
  const store = driver(client);
  return sdkPeer(openOn(store), () => client.disconnect());
}

export async function cachedPeer(url: string): Promise<Peer> {
  const client = await connect(url);
  const store = new CachingSessionStore(driver(client));
  return sdkPeer(openOn(store), () => client.disconnect());
}

export async function memorySessionPeer(): Promise<Peer> {
  return sdkPeer((sessionId) => new MemorySession({ sessionId }));
}

function openOn(store: SessionStore) {
  const ttlMs = ttlSeconds * 1000;
  return (sessionId: string) => new AgentsSession({ store, sessionId, ttlMs });
}

/** No more than a turn needs of a session. */
export function minimalSession(
  id: string,
  getItems: (limit?: number) => Promise<AgentInputItem[]>,
  addItems: (items: AgentInputItem[]) => Promise<unknown>,
): Session {
  const never = async () => {
    throw new Error('No turn does that.');
  };
  return {
    getSessionId: async () => id,
    getItems,
    addItems: async (items) => void (await addItems(items)),
    popItem: never,
    clearSession: never,
  };
}

/** As the SDK has what a user and a model say. */
export function itemOf({ role, content }: SaidMessage): AgentInputItem {
  if (role === 'user') return { type: 'message', role, content };
  const said = { type: 'output_text' as const, text: content };
  return { type: 'message', role, status: 'completed', content: [said] };
}

function textOfItem(item: unknown): unknown {
  const content = member('content')(item);
  return Array.isArray(content) ? member('text')(content[0]) : content;
}

/** What a peer has kept and read. */
export function asItem(value: unknown): AgentInputItem {
  if (isItem(value)) return value;
  throw new TypeError('It is no item of the SDK.');
}

function isItem(value: unknown): value is AgentInputItem {
  return typeof value === 'object' && value !== null && ('type' in value || 'role' in value);
}
