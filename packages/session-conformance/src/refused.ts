import assert from 'node:assert/strict';

/** Expects a call to fail with this code and, if one is given, to name this field. */
export async function refused(
  code: string,
  call: () => Promise<unknown>,
  field?: string,
): Promise<void> {
  const error = await failureOf(call);
  if (error === undefined) assert.fail(`it was accepted, but must be refused as ${code}`);
  const actual = codeOf(error);
  if (actual !== code) {
    throw new Error(`it failed with ${String(actual)}, but must be refused as ${code}`, {
      cause: error,
    });
  }
  if (field !== undefined) assert.equal(property(error, 'field'), field, 'the field at fault');
}

/** Answers of calls made at the same time, and the codes of those that were refused. */
export async function settled<T>(
  calls: readonly Promise<T>[],
): Promise<{ answers: T[]; codes: unknown[] }> {
  const results = await Promise.allSettled(calls);
  return {
    answers: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    codes: results.flatMap((result) =>
      result.status === 'rejected' ? [codeOf(result.reason) ?? String(result.reason)] : [],
    ),
  };
}

/** The code of an error, if it has one. */
export function codeOf(error: unknown): unknown {
  return property(error, 'code');
}

async function failureOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing was thrown, but thrown it was');
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
