import { expect, test } from '@jest/globals';

import { parseCommitReply } from '../src/commit-call.ts';

const args = ['o1', 'fingerprint'];
const committed = ['committed', 'o1', 'epoch', '3', '2', 'm2', '[]'];

test('the answer to a commit is read', () => {
  expect(parseCommitReply(committed, args)).toEqual({
    status: 'committed',
    mark: { epoch: 'epoch', generation: 3, length: 2, lastId: 'm2' },
    dropped: [],
  });
});

// As node-redis 4 gives them, where a connection is cut in the middle of an answer.
test.each([
  ['of another operation', committed.with(1, 'o2')],
  ['of another call', ['{"$.session_id":["other"]}']],
  ['that is no answer of the script', 'OK'],
  ['that is cut off', committed.with(6, '[{"id":')],
  ['of an unknown status', ['else', 'o1']],
  ['of a repetition whose record is none', ['repeated', 'o1', 'epoch', 'none']],
])('an answer %s is refused, and the outcome is unknown', (_name, reply) => {
  expect(() => parseCommitReply(reply, args)).toThrow(
    expect.objectContaining({ code: 'store_failed', outcome: 'unknown' }),
  );
});
