import { roles } from '@agent-sessions/session-core';
import fc from 'fast-check';

import { message, name, sessionIds, text, userIds } from './hostile.ts';
import { changes, type Kind, type Operation } from './operation.ts';

export interface Generated {
  readonly seed: number;
  readonly operations: number;
  /** How many stores there are. */
  readonly stores: number;
}

/** The operations of a seed: on a few sessions of a few users, so that they meet. */
export function generate({ seed, operations, stores }: Generated): Operation[] {
  const [ids = []] = fc.sample(fc.shuffledSubarray(sessionIds, { minLength: 3, maxLength: 3 }), {
    seed,
    numRuns: 1,
  });
  const operation = operationOn(['s', 'b:s', ...ids], stores);
  return fc.sample(operation, { seed, numRuns: operations });
}

/** Left out but for one of so many times. */
function seldom<Value>(arbitrary: fc.Arbitrary<Value>, oneOf = 4): fc.Arbitrary<Value | undefined> {
  return fc.oneof(
    { weight: oneOf - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary },
  );
}

function operationOn(ids: readonly string[], stores: number): fc.Arbitrary<Operation> {
  const sessionId = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('s', 'b:s') },
    fc.constantFrom(...ids),
  );
  const store = fc.nat(stores - 1);
  const userId = seldom(fc.oneof(fc.constant('ada'), fc.constantFrom(...userIds)));
  const aborted = seldom(fc.constant(true as const), 60);
  const place = { store, sessionId };
  const access = { ...place, userId, aborted };
  const ttlMs = seldom(fc.constantFrom(3_600_000, 7_200_000, 1e14));
  const markName = fc.record({
    back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(8)),
    forged: seldom(fc.constantFrom('epoch', 'generation', 'length', 'lastId'), 6),
  });
  const create = fc.record({ kind: fc.constant('create' as const), ...access, ttlMs });
  const commit = fc.record({
    kind: fc.constant('commit' as const),
    ...access,
    operationId: fc.oneof(
      { weight: 8, arbitrary: fc.nat(2 ** 31 - 2).map((number) => `op ${number}`) },
      { weight: 1, arbitrary: name },
    ),
    intent: seldom(fc.constantFrom(null, 'i', { a: [-0] }), 12),
    drop: seldom(
      fc.oneof(
        { weight: 5, arbitrary: fc.integer({ min: 0, max: 4 }) },
        { weight: 1, arbitrary: fc.constant('all' as const) },
      ),
      2,
    ),
    append: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 10, arbitrary: fc.array(message, { maxLength: 4 }) },
      { weight: 1, arbitrary: fc.array(message, { minLength: 5, maxLength: 15 }) },
    ),
    expect: seldom(
      fc.oneof(
        fc.constant(null),
        markName,
        markName,
        fc.nat(6).map((epochOf) => ({ epochOf })),
      ),
    ),
    returnDropped: seldom(fc.boolean()),
    forgetOperations: seldom(fc.boolean(), 10),
    agent: seldom(name),
    ttlMs,
  });
  const repeat = fc.record({
    kind: fc.constant('repeat' as const),
    ...access,
    back: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(10)),
    change: seldom(fc.constantFrom(...changes), 2),
    expecting: seldom(fc.constant(true as const), 2),
  });
  const limit = fc.integer({ min: -1, max: 6 });
  const read = fc.oneof(
    fc.record({ kind: fc.constant('read' as const), ...access }),
    fc.record({ kind: fc.constant('read' as const), ...access, last: limit }),
    fc.record({
      ...{ kind: fc.constant('read' as const), ...access },
      ...{ last: seldom(limit, 2), role: fc.constantFrom(...roles) },
    }),
    fc.record({ kind: fc.constant('read' as const), ...access, since: markName }),
    fc.record({ kind: fc.constant('read' as const), ...access, since: markName }),
  );
  const python = fc.record({ kind: fc.constant('python' as const), ...place, call: pythonCall });
  const befall = fc.record({
    kind: fc.constant('befall' as const),
    ...place,
    what: fc.oneof(
      { weight: 10, arbitrary: fc.constant('ages') },
      { weight: 3, arbitrary: fc.constant('expires') },
      fc.constantFrom('is a string', 'is other JSON', 'is of a newer schema'),
    ),
  });
  return fc.oneof(
    { weight: 60, arbitrary: commit },
    { weight: 20, arbitrary: repeat },
    { weight: 30, arbitrary: read },
    { weight: 5, arbitrary: create },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('metadata' as const), ...access }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), ...access }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('list' as const), store, userId, aborted }),
    },
    { weight: 12, arbitrary: python },
    { weight: 5, arbitrary: befall },
  );
}

/** Strings that Python can have: it has no half surrogate pairs. */
const pythonText = text.filter((value) => value.isWellFormed());
const ttlSeconds = seldom(fc.constantFrom(1800, 9000));

const pythonCall: fc.Arbitrary<Kind<'python'>['call']> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      method: fc.constant('add_message' as const),
      role: fc.constantFrom('user', 'assistant', 'system'),
      content: pythonText,
      agent: seldom(name),
      tokens: seldom(fc.nat(50)),
      ttlSeconds,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      method: fc.constant('create' as const),
      userId: fc.constantFrom(...userIds),
      ttlSeconds,
    }),
  },
  { weight: 3, arbitrary: fc.record({ method: fc.constant('track_agent' as const), agent: name }) },
  { weight: 2, arbitrary: fc.constant({ method: 'clear' as const }) },
  { weight: 1, arbitrary: fc.constant({ method: 'delete' as const }) },
);
