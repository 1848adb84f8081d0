import { stringifyJson } from './json.ts';
import { parseJson } from './parse-json.ts';
import type { Operation, SessionState } from './session-state.schema.ts';
import { isOperation, isSessionState } from './session-state.validators.ts';

/** What is kept of a session as JSON text, exactly: for stores that keep text. */
export function stringifySessionState({ values, ...state }: SessionState): string {
  // Only values hold what a caller gave.
  const kept = values.map(({ name, value, revision }) => ({ name, value, revision }));
  return `${JSON.stringify(state).slice(0, -1)},"values":${stringifyJson(kept)}}`;
}

/**
 * The state that {@link stringifySessionState} wrote.
 *
 * @throws SyntaxError or TypeError where the text is not one
 */
export function parseSessionState(text: string): SessionState {
  const value = parseJson(text);
  if (isSessionState(value)) return value;
  throw new TypeError('The text is JSON, but not the state of a session.');
}

/** An operation as JSON text, exactly: it may hold messages, which `JSON.stringify` changes. */
export function stringifyOperation(operation: Operation): string {
  return stringifyJson(operation);
}

/**
 * The operation that {@link stringifyOperation} wrote.
 *
 * @throws SyntaxError or TypeError where the text is not one
 */
export function parseOperation(text: string): Operation {
  const value = parseJson(text);
  if (isOperation(value)) return value;
  throw new TypeError('The text is JSON, but not an operation.');
}
