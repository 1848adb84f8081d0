import { Message } from '@agent-sessions/session-core/schemas';
import Type, { type Static } from 'typebox';

const { role, content, item } = Message.properties;

/**
 * A message as it stands in the document: the record of the Python class, and beside it what that
 * has no place for.
 */
export const StoredMessage = Type.Object({
  id: Type.String(),
  role,
  content,
  /** Seconds since the epoch. */
  timestamp: Type.Number(),
  agent: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  tokens: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
  /**
   * The item of the SDK. Where its `role` and `content` are those of the record, `null` keeps
   * their place, so that nothing is stored twice and the order of keys survives.
   */
  item,
  /** `content`, `item` or both as JSON text, where RedisJSON would not keep them exactly. */
  exact: Type.Optional(Type.String()),
});
export type StoredMessage = Static<typeof StoredMessage>;
