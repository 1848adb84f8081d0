import type { NewMessage, SessionMark } from '@agent-sessions/session-core';
import type { Begun } from './journal.ts';
import { randomFor } from './random.ts';

/** What one client does, the same for the same seed, but for the marks that it reads. */
export interface Workload {
  readonly seed: number;
  readonly client: number;
}

/** Sessions that all clients write to. Each has one more of its own. */
export const sharedSessions = ['shared-0', 'shared-1', 'shared-2'] as const;

export function ownSession(client: number): string {
  return `own-${client}`;
}

export function sessionsOf(clients: number): string[] {
  return [...sharedSessions, ...Array.from({ length: clients }, (_, client) => ownSession(client))];
}

/**
 * Decides on one operation.
 *
 * @param number - the how manieth of its client
 * @param markOf - asks for the history of a session, if the operation is to expect it
 */
export async function operation(
  { seed, client }: Workload,
  number: number,
  markOf: (session: string) => Promise<SessionMark | null>,
): Promise<Begun> {
  const random = randomFor(seed, 'operation', client, number);
  const operationId = `client ${client}, operation ${number}`;
  const session = random.next() < 0.5 ? ownSession(client) : random.pick(sharedSessions);
  const append = Array.from(
    { length: random.from(1, 5) },
    (_, index) => `${client}.${number}.${index}`,
  );
  const begun = { kind: 'begun', number, operationId, session, expect: null } as const;

  const dice = random.next();
  if (dice < 0.5) return { ...begun, drop: 0, append };
  if (dice < 0.76) return { ...begun, drop: 1, append: [] };
  if (dice < 0.98) {
    const drop = random.from(1, 4);
    return { ...begun, drop, append, expect: await markOf(session) };
  }
  return { ...begun, drop: 'all', append: [] };
}

/** The message of a name, which says who made it, in which operation, and its place in the batch. */
export function messageOf(name: string): NewMessage {
  const index = Number(name.split('.').at(-1));
  return {
    id: name,
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `This is message ${name}.`,
    tokens: index + 1,
  };
}

/** Whether a message is the one of its name, unchanged. */
export function isWhole(message: { readonly id: string; readonly content?: unknown }): boolean {
  return message.content === messageOf(message.id).content;
}
