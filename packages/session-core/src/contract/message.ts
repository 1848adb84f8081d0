import Type, { type Static } from 'typebox';

/** Anything that JSON can say. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** Who speaks. */
export const Role = Type.Union([
  Type.Literal('user'),
  Type.Literal('assistant'),
  Type.Literal('system'),
  Type.Literal('developer'),
  Type.Literal('tool'),
]);
export type Role = Static<typeof Role>;

/** The values of {@link Role}, in the order of its definition. */
export const roles: readonly Role[] = Role.anyOf.map((role) => role.const);

const Json = Type.Unsafe<JsonValue>(Type.Unknown());

/** One message of a session's history. */
export const Message = Type.Object({
  /** Given by the store where the caller gave none. */
  id: Type.String(),
  role: Role,
  /** What was said: text, or the parts that the application's model protocol defines. */
  content: Json,
  /** Milliseconds since the epoch, by the clock of the writer. Says nothing about order. */
  timestampMs: Type.Number(),
  /** Name of the agent that produced the message. */
  agent: Type.Union([Type.String(), Type.Null()]),
  /** Number of tokens that the message took. */
  tokens: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  /** The SDK's own item where the message stands for one, complete and untouched. */
  item: Type.Optional(Type.Unsafe<JsonObject>(Type.Object({}))),
});
export type Message = Static<typeof Message>;

/** A message to be added. The store fills in what is left out. */
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

/** The last so many of a list, whatever it holds; all where no number is given. */
export function newest<Each>(list: readonly Each[], last: number | undefined): Each[] {
  return list.slice(last === undefined ? 0 : Math.max(list.length - last, 0));
}
