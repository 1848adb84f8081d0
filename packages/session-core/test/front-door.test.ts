import { checkOptionNames, outOfRange, SessionError, statusOf } from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';

describe('checkOptionNames', () => {
  const known = ['keyPrefix', 'deadlineMs', 'onDamaged'];

  test.each([
    ['keyprefix', 'did you mean `keyPrefix`?'],
    ['key_prefix', 'did you mean `keyPrefix`?'],
    ['deadlinMs', 'did you mean `deadlineMs`?'],
    ['colour', 'there are keyPrefix, deadlineMs, onDamaged.'],
    ['constructor', 'there are keyPrefix, deadlineMs, onDamaged.'],
  ])('%s is refused: %s', (name, advice) => {
    expect(() => checkOptionNames({ [name]: 1 }, known)).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        field: name,
        message: `${name} is no option here; ${advice}`,
      }),
    );
  });

  test('those that there are pass, and none', () => {
    expect(checkOptionNames({ keyPrefix: 'a', onDamaged: undefined }, known)).toBeUndefined();
    expect(checkOptionNames(undefined, known)).toBeUndefined();
    expect(() => checkOptionNames('keyPrefix', known)).toThrow('options must be an object.');
  });
});

test.each([
  ['session_not_found', 404],
  ['conflict', 409],
  ['session_full', 413],
  ['connection_failed', 503],
  ['timeout', 504],
  ['store_failed', 500],
] as const)('the status of %s is %d', (code, status) => {
  expect(statusOf(new SessionError(code, ''))).toBe(status);
});

test('the status of a bad argument is 400, and of everything else 500', () => {
  expect(statusOf(outOfRange('last', 'must be a whole number.'))).toBe(400);
  expect([new Error('of the application'), 'thrown', null].map(statusOf)).toEqual([500, 500, 500]);
});
