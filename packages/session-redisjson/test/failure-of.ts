/** The error that some work must fail with. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => {
      throw new Error('It has not failed, but must.');
    },
    (reason: unknown) => reason,
  );
}
