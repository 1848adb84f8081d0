import type { JsonObject, JsonValue, Message, Said } from '../contract/message.ts';
import { isMessage, isSaid } from '../contract/message.validators.ts';
import { stringifyJson } from './json.ts';
import { parseJson } from './parse-json.ts';

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
  if (isMessage(value)) return value;
  throw new TypeError('The text is JSON, but not a message.');
}

/** What a message says as JSON text, exactly: for stores that keep the rest of it another way. */
export function stringifySaid({
  content,
  item,
}: {
  readonly content: JsonValue;
  readonly item?: JsonObject | undefined;
}): string {
  return stringifyJson(item === undefined ? { content } : { content, item });
}

/**
 * What {@link stringifySaid} wrote.
 *
 * @throws SyntaxError or TypeError where the text is none of it
 */
export function parseSaid(text: string): Said {
  const value = parseJson(text);
  if (isSaid(value)) return value;
  throw new TypeError('The text is JSON, but not what a message says.');
}
