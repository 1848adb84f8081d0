import type { Message } from '@agent-sessions/session-core';
import { expect, test } from '@jest/globals';

import { parseCommitReply } from '../src/scripts/commit-call.ts';

const args = ['o1', 'fingerprint'];
const committed = ['committed', 'o1', 'epoch', 3, 2, 250, '[]', 'm2'];

test('the answer to a commit is read', () => {
  expect(parseCommitReply(committed, args)).toEqual({
    status: 'committed',
    mark: { epoch: 'epoch', generation: 3, length: 2, lastId: 'm2' },
    bytes: 250,
    dropped: [],
  });
});

test('the last id of a commit that adds something is that of what it adds', () => {
  const append = [message('m3'), message('m4')];
  expect(parseCommitReply(committed.slice(0, 6), args, append)).toMatchObject({
    mark: { lastId: 'm4' },
    dropped: [],
  });
});

function message(id: string): Message {
  return { id, role: 'user', content: 'said', timestampMs: 0, agent: null, tokens: null };
}

// As node-redis 4 gives them, where a connection is cut in the middle of an answer.
test.each([
  ['of another operation', committed.with(1, 'o2')],
  ['of another call', ['{"$.session_id":["other"]}']],
  ['that is no answer of the script', 'OK'],
  ['without a mark', committed.slice(0, 3)],
  ['that is cut off', committed.with(6, '[{"id":')],
  ['of an unknown status', ['else', 'o1']],
  ['of a repetition whose record is none', ['repeated', 'o1', 'epoch', 'none']],
])('an answer %s is refused, and the outcome is unknown', (_name, reply) => {
  expect(() => parseCommitReply(reply, args)).toThrow(
    expect.objectContaining({ code: 'store_failed', outcome: 'unknown' }),
  );
});
