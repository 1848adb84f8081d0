import type { Message } from './message.schema.ts';
import type { Role } from './role.ts';

export type { JsonObject, JsonValue } from './json-value.ts';
export type { Message, Said } from './message.schema.ts';
export { type AnyRole, type Role, roles } from './role.ts';

/**
 * A message to be added. The store fills in what is left out. A whole {@link Message}, as it was
 * read, can be added as well, and keeps whatever role it has.
 */
export interface NewMessage {
  readonly role: Role;
  /** Any JSON value. @defaultValue the `content` of `item`, or an empty text */
  readonly content?: unknown;
  /** An SDK item that this message stands for: a JSON object, kept exactly. */
  readonly item?: object | undefined;
  /** @defaultValue `null` */
  readonly agent?: string | null | undefined;
  /** A whole number from 0. @defaultValue `null` */
  readonly tokens?: number | null | undefined;
  /** @defaultValue a random id */
  readonly id?: string | undefined;
  /** @defaultValue the present */
  readonly timestampMs?: number | undefined;
}

/** What can be added to a history: something new, or a whole message as it was read. */
export type MessageInput = NewMessage | Message;

/** The last so many of a list, whatever it holds; all where no number is given. */
export function newest<Each>(list: readonly Each[], last: number | undefined): Each[] {
  return list.slice(last === undefined ? 0 : Math.max(list.length - last, 0));
}
