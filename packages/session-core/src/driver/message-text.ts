import { Compile } from 'typebox/schema';

import { Message } from '../contract/message.ts';
import { parseJson, stringifyJson } from './json.ts';

const message = Compile(Message);

/** A message as JSON text, exactly: for stores that keep text. */
export function stringifyMessage(value: Message): string {
  return stringifyJson(value);
}

/**
 * The message that {@link stringifyMessage} wrote.
 *
 * @throws SyntaxError or TypeError where the text is not one
 */
export function parseMessage(text: string): Message {
  const value = parseJson(text);
  if (message.Check(value)) return value;
  throw new TypeError('The text is JSON, but not a message.');
}
