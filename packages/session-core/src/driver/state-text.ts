import { stringifyJson } from './json.ts';
import { parseJson } from './parse-json.ts';
import type { Operation, SessionState } from './session-state.schema.ts';
import { isOperation, isSessionState } from './session-state.validators.ts';

/** What is kept of a session as JSON text, exactly: for stores that keep text. */
export function stringifySessionState(state: SessionState): string {
  return stringifyJson(state);
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
