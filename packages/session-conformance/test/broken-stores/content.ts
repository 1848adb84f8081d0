import { checkCommit, copyJsonObject } from '@agent-sessions/session-core';
import type { Commit, JsonValue, Message } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';

import { broken, type BrokenStore } from './broken-store.ts';

const deepEqual = 'Messages come back deep-equal to what was given, key order included.';

/** Keeps something else than the messages it was given. */
function rewording(name: string, reword: (message: Message) => Message): BrokenStore {
  return broken(
    name,
    deepEqual,
    class extends MemorySessionStore {
      override async commit(sessionId: string, commit: Commit) {
        const append = checkCommit(commit).append?.map(reword);
        return super.commit(sessionId, { ...commit, append });
      }
    },
  );
}

/** Keeps something else than the values in its messages. */
function converting(name: string, convert: (value: JsonValue) => JsonValue): BrokenStore {
  const everywhere = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return convert(value.map(everywhere));
    if (value === null || typeof value !== 'object') return convert(value);
    const entries = Object.entries(value).map(([key, member]): [string, JsonValue] => [
      key,
      everywhere(member),
    ]);
    return convert(Object.fromEntries(entries));
  };
  return rewording(name, (message) => {
    const { content, item } = message;
    const converted = { ...message, content: everywhere(content) };
    return item ? { ...converted, item: copyJsonObject(everywhere(item), 'item') } : converted;
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const brokenContent = [
  converting('keys are sorted', (value) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  ),
  converting('minus zero is lost', (value) => (value === 0 ? 0 : value)),
  converting('digits are lost', (value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(15)) : value,
  ),
  converting('halves of surrogate pairs are replaced', (value) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  ),
  converting('text is normalised', (value) =>
    typeof value === 'string' ? value.normalize('NFC') : value,
  ),
  converting('empty lists become empty objects', (value) =>
    Array.isArray(value) && value.length === 0 ? {} : value,
  ),
  rewording('unknown members of items are dropped', (message) => {
    if (!message.item) return message;
    const known = ['type', 'role', 'content', 'callId', 'name', 'arguments', 'output', 'status'];
    const entries = Object.entries(message.item).filter(([key]) => known.includes(key));
    return { ...message, item: Object.fromEntries(entries) };
  }),
  rewording('times are those of the store', (message) => ({ ...message, timestampMs: Date.now() })),
];
