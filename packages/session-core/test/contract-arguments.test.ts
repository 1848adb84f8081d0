import {
  checkCommit,
  checkInit,
  checkQuery,
  checkSessionId,
  Conversation,
} from '@agent-sessions/session-core';
import type { Commit, ReadQuery } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, expect, test } from '@jest/globals';

/** As a caller without types would pass it. */
function untyped<T>(value: unknown): T {
  return value as T;
}

const commit = (part: unknown): Commit => ({ operationId: 'op', ...untyped<object>(part) });

describe('bad input is a TypeError or RangeError that names the field', () => {
  test.each<[string, () => unknown, string, string]>([
    ['an id that is no string', () => checkSessionId(untyped(7)), 'sessionId', 'TypeError'],
    ['an empty id', () => checkSessionId(''), 'sessionId', 'RangeError'],
    ['an over-long id', () => checkSessionId('x'.repeat(10_000)), 'sessionId', 'RangeError'],
    ['half a surrogate pair', () => checkSessionId('\ud800'), 'sessionId', 'RangeError'],
    ['an empty user id', () => checkInit({ userId: '' }), 'userId', 'RangeError'],
    ['a TTL of zero', () => checkInit({ ttlMs: 0 }), 'ttlMs', 'RangeError'],
    ['a negative TTL', () => checkInit({ ttlMs: -1 }), 'ttlMs', 'RangeError'],
    ['a TTL of half a millisecond', () => checkInit({ ttlMs: 0.5 }), 'ttlMs', 'RangeError'],
    ['an endless TTL', () => checkInit({ ttlMs: Infinity }), 'ttlMs', 'RangeError'],
    ['a TTL in words', () => checkInit({ ttlMs: untyped('1h') }), 'ttlMs', 'TypeError'],
    ['a limit of NaN', () => checkQuery({ last: Number.NaN }), 'last', 'RangeError'],
    ['a limit of 0.5', () => checkQuery({ last: 0.5 }), 'last', 'RangeError'],
    ['a role that is none', () => checkQuery({ role: untyped('admin') }), 'role', 'RangeError'],
    [
      'a JSONPath as a role',
      () => checkQuery({ role: untyped('user") || (@.role=="system') }),
      'role',
      'RangeError',
    ],
    ['a mark that is none', () => checkQuery({ since: untyped({}) }), 'since', 'TypeError'],
    [
      'an expectation that is none',
      () => checkCommit(commit({ expect: 7 })),
      'expect',
      'TypeError',
    ],
    [
      'an empty operation id',
      () => checkCommit(commit({ operationId: '' })),
      'operationId',
      'RangeError',
    ],
    ['a negative drop', () => checkCommit(commit({ drop: -1 })), 'drop', 'RangeError'],
    [
      'messages that are none',
      () => checkCommit(commit({ append: 'hello' })),
      'append',
      'TypeError',
    ],
    [
      'a message that is none',
      () => checkCommit(commit({ append: [null] })),
      'append[0]',
      'TypeError',
    ],
    [
      'negative tokens',
      () => checkCommit(commit({ append: [{ role: 'user', content: '', tokens: -1 }] })),
      'append[0].tokens',
      'RangeError',
    ],
    [
      'fractional tokens',
      () => checkCommit(commit({ append: [{ role: 'user', content: '', tokens: 1.5 }] })),
      'append[0].tokens',
      'RangeError',
    ],
    [
      'a message without content',
      () => checkCommit(commit({ append: [{ role: 'user' }] })),
      'append[0].content',
      'TypeError',
    ],
    [
      'a message without a role',
      () => checkCommit(commit({ append: [{ content: 'x' }] })),
      'append[0].role',
      'RangeError',
    ],
  ])('%s', (_name, call, field, kind) => {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: kind, code: 'invalid_argument', field });
    expect(error).toHaveProperty('message', expect.stringContaining(field));
  });

  test('a conversation is refused with a bad id or TTL before it asks anything', () => {
    const store = new MemorySessionStore();
    expect(() => new Conversation({ store, sessionId: '' })).toThrow(RangeError);
    expect(() => new Conversation({ store, ttlMs: 0 })).toThrow(RangeError);
  });
});

test.each<[ReadQuery['last'], number | undefined]>([
  [undefined, undefined],
  [0, 0],
  [-1, 0],
  [1, 1],
  [Number.MAX_SAFE_INTEGER, 2 ** 31 - 1],
])('a limit of %p reads at most %p', (last, expected) => {
  expect(checkQuery({ last }).last).toBe(expected);
});

describe('the fingerprint of a commit', () => {
  const fingerprint = (part: unknown) => checkCommit(commit(part)).fingerprint;
  const hello = { role: 'user', content: { a: 1, b: 2 } };

  test('is the same whatever the ids, the times and the order of keys', () => {
    const again = { role: 'user', content: { b: 2, a: 1 }, id: 'x', timestampMs: 1 };
    expect(fingerprint({ append: [again] })).toBe(fingerprint({ append: [hello] }));
    expect(fingerprint({ append: [hello], expect: null })).toBe(fingerprint({ append: [hello] }));
  });

  test.each([
    ['the content', { append: [{ ...hello, content: 'other' }] }],
    ['the role', { append: [{ ...hello, role: 'assistant' }] }],
    ['the tokens', { append: [{ ...hello, tokens: 1 }] }],
    ['the agent of a message', { append: [{ ...hello, agent: 'A' }] }],
    ['an item', { append: [{ role: 'user', item: { a: 1 } }] }],
    ['the number of messages', { append: [hello, hello] }],
    ['what is dropped', { append: [hello], drop: 1 }],
    ['the agent', { append: [hello], agent: 'A' }],
  ])('differs with %s', (_name, part) => {
    expect(fingerprint(part)).not.toBe(fingerprint({ append: [hello] }));
  });

  test('is that of the intent alone, where there is one', () => {
    const one = fingerprint({ append: [hello], intent: { replace: 'x' } });
    expect(fingerprint({ drop: 3, intent: { replace: 'x' } })).toBe(one);
    expect(fingerprint({ append: [hello], intent: { replace: 'y' } })).not.toBe(one);
  });
});
