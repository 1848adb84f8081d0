import {
  type ReadResult,
  type SessionMark,
  watchHistory,
  wrongType,
} from '@agent-sessions/session-core';

import { type Asked, conversationOf, messagesText } from './answers.ts';

/**
 * What becomes of a history, as server-sent events, from the mark on that the page has: `?id=…&since=…`.
 * It ends with the request.
 */
export async function followHistory(
  asked: Asked,
  intervalMs: number,
): Promise<ReadableStream<Uint8Array>> {
  const ended = new AbortController();
  const signal = AbortSignal.any([asked.signal, ended.signal]);
  const since = parseMark(asked.query.get('since'));
  const watch = watchHistory(conversationOf(asked), { since, intervalMs, signal });
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await watch.next();
      if (done || !value) controller.close();
      else controller.enqueue(encoder.encode(`data: ${eventOf(value)}\n\n`));
    },
    cancel() {
      ended.abort();
    },
  });
}

/** A history that changed otherwise than by growing is not sent: the page asks for its end. */
function eventOf(read: ReadResult): string {
  return messagesText(read.continues ? read : { ...read, messages: [], first: null, skipped: [] });
}

function parseMark(text: string | null): SessionMark | undefined {
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isMark(value)) return value;
  } catch {
    // Refused below, in the words for any other text.
  }
  throw wrongType('since', 'must be a mark.');
}

function isMark(value: unknown): value is SessionMark {
  return typeof value === 'object' && value !== null && 'epoch' in value && 'generation' in value;
}
