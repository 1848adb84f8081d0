import assert from 'node:assert/strict';

import { messageAt, messagesIn, messagesOf, type SaidMessage } from './messages.ts';
import type { Operation, Peer, Session, Timing, Work } from './peer.ts';

/** A peer in Node, by what it does. */
export interface NodePeerOptions {
  readonly append: (session: string, messages: readonly SaidMessage[]) => Promise<unknown>;
  /** @defaultValue reads all, and takes the last of them: there is no other way */
  readonly last?: ((session: string, count: number) => Promise<readonly unknown[]>) | undefined;
  readonly all: (session: string) => Promise<readonly unknown[]>;
  /** What is said in a message as `last` and `all` answer it. */
  readonly contentOf: (message: unknown) => unknown;
  /** @defaultValue appends, a thousand messages at once */
  readonly fill?:
    | ((session: string, messages: readonly SaidMessage[]) => Promise<unknown>)
    | undefined;
  readonly close?: (() => Promise<unknown>) | undefined;
}

export function nodePeer(options: NodePeerOptions): Peer {
  const { append, all, contentOf } = options;
  const last = options.last ?? (async (session, count) => (await all(session)).slice(-count));

  /** The calls that one conversation makes, with all that they need made beforehand. */
  function callsOf(operation: Operation, { id, length }: Session, times: number) {
    return Array.from({ length: times }, (_, index) => {
      const { kind, messages } = operation;
      if (kind === 'all') return () => all(id);
      if (kind === 'last') return () => last(id, messages);
      const from = length + index * messages;
      const added = messagesOf(from, from + messages);
      return () => append(id, added);
    });
  }

  return {
    async fill(session, talk) {
      const messages = messagesIn(talk);
      if (options.fill) await options.fill(session, messages);
      else {
        for (let from = 0; from < messages.length; from += 1000) {
          await append(session, messages.slice(from, from + 1000));
        }
      }
    },
    async run({ operation, sessions, times }: Work) {
      const rows = sessions.map((session) => callsOf(operation, session, times));
      const { results, ...timing } = await timed(rows);
      if (operation.kind !== 'append') {
        for (const [index, { length }] of sessions.entries()) {
          const read = results[index];
          assert(Array.isArray(read));
          assert.equal(read.length, operation.kind === 'all' ? length : operation.messages);
          assert.equal(contentOf(read.at(-1)), messageAt(length - 1).content);
        }
      }
      return timing;
    },
    async contents(session) {
      return (await all(session)).map((message) => String(contentOf(message)));
    },
    async close() {
      await options.close?.();
    },
  };
}

/** Makes several rows of calls at once, each row one after the other; answers what each came to last. */
async function timed(
  rows: readonly (readonly (() => Promise<unknown>)[])[],
): Promise<Timing & { readonly results: readonly unknown[] }> {
  const latenciesMs: number[] = [];
  const beginning = performance.now();
  const results = await Promise.all(
    rows.map(async (calls) => {
      let result: unknown;
      for (const call of calls) {
        const start = performance.now();
        result = await call();
        latenciesMs.push(performance.now() - start);
      }
      return result;
    }),
  );
  return { latenciesMs, totalMs: performance.now() - beginning, results };
}
