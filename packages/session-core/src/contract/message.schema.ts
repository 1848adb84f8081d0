import Type, { type Static } from 'typebox';

import type { JsonObject, JsonValue } from './json-value.ts';
import { type AnyRole, roles } from './role.ts';

/** Who speaks. */
export const Role = Type.Enum(roles);
export type Role = Static<typeof Role>;

const said = {
  /** What was said: text, or the parts that the application's model protocol defines. */
  content: Type.Unsafe<JsonValue>(Type.Unknown()),
  /** The SDK's own item where the message stands for one, complete and untouched. */
  item: Type.Optional(Type.Unsafe<JsonObject>(Type.Object({}))),
};

/** One message of a session's history. */
export const Message = Type.Object({
  /** Given by the store where the caller gave none. */
  id: Type.String(),
  /** One of {@link Role}, or what another program has written. */
  role: Type.Unsafe<AnyRole>({ type: 'string', not: { const: '' } }),
  /** Milliseconds since the epoch, by the clock of the writer. Says nothing about order. */
  timestampMs: Type.Number(),
  /** Name of the agent that produced the message. */
  agent: Type.Union([Type.String(), Type.Null()]),
  /** Number of tokens that the message took. */
  tokens: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  ...said,
});
export type Message = Static<typeof Message>;

/** What a message says, without what is known of it. */
export const Said = Type.Object(said);
export type Said = Static<typeof Said>;
