import { expect, test } from '@jest/globals';

import { parseCommitReply } from '../src/scripts/commit-reply.ts';

const request = { operation: 'o1' };
const committed = ['committed', 'o1', 'epoch', 3, 2, 'm2', 7, 1, 0, 60_000, 'ada'];

test('the answer to a commit is read', () => {
  expect(parseCommitReply(committed, request)).toEqual({
    status: 'committed',
    mark: { epoch: 'epoch', generation: 3, length: 2, lastId: 'm2' },
    revision: 7,
    dropped: 1,
    isNew: false,
    ttlMs: 60_000,
    userId: 'ada',
  });
});

test('a session without messages, user and end has none', () => {
  const reply = ['committed', 'o1', 'epoch', 0, 0, '', 1, 0, 1, 0, ''];
  expect(parseCommitReply(reply, request)).toMatchObject({
    mark: { length: 0, lastId: null },
    isNew: true,
    ttlMs: null,
    userId: null,
  });
});

test('a repetition answers what stands in the record, also an id with spaces', () => {
  const record = 'fingerprint 4 2 9 1 an id\nof two lines';
  expect(parseCommitReply(['repeated', 'o1', 'epoch', record, '[{}]'], request)).toEqual({
    status: 'repeated',
    mark: { epoch: 'epoch', generation: 2, length: 9, lastId: 'an id\nof two lines' },
    revision: 4,
    dropped: [{}],
  });
});

// As node-redis 4 gives them, where a connection is cut in the middle of an answer.
test.each([
  ['of another operation', committed.with(1, 'o2')],
  ['of another call', ['{"$.session_id":["other"]}']],
  ['that is no answer of the script', 'OK'],
  ['without a mark', committed.slice(0, 3)],
  ['that is cut off', ['repeated', 'o1', 'epoch', 'fingerprint 4 2 9 1 m2', '[{"id":']],
  ['of an unknown status', ['else', 'o1']],
  ['of a repetition whose record is none', ['repeated', 'o1', 'epoch', 'none']],
])('an answer %s is refused, and the outcome is unknown', (_name, reply) => {
  expect(() => parseCommitReply(reply, request)).toThrow(
    expect.objectContaining({ code: 'store_failed', outcome: 'unknown' }),
  );
});
