/** In the order in which they are tried. */
export const rungs = ['docker', 'path', 'cache'] as const;

/** A way to a Redis that the environment may insist on. */
export type Rung = (typeof rungs)[number];

/**
 * The way to a Redis that `AGENT_SESSIONS_REDIS` insists on, if it does.
 *
 * @throws RangeError when it names none
 */
export function chosenRung(): Rung | undefined {
  const name = process.env['AGENT_SESSIONS_REDIS'];
  if (name === undefined || name === '') return undefined;
  const rung = rungs.find((each) => each === name);
  if (rung === undefined) {
    throw new RangeError(`AGENT_SESSIONS_REDIS is "${name}": use ${rungs.join(', ')} or unset it.`);
  }
  return rung;
}
