/** The error that some work fails with. */
export async function failureOf(work: Promise<unknown> | (() => Promise<unknown>)) {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof Error) return error;
    throw new TypeError('It has failed with something that is no error.', { cause: error });
  }
  throw new Error('It should have failed, and has not.');
}

/** Class, code and text of an error: what two sessions must have in common. */
export function describeError(error: Error) {
  return { kind: error.constructor.name, message: error.message };
}

/** What some work comes to, as data: its result, or class and text of its error. */
export async function outcomeOf(work: () => unknown): Promise<unknown> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error: error instanceof Error ? describeError(error) : error };
  }
}
