// What `JSON.GET` answers of several paths: an object, for each path the values it found.
import Type, { type Static } from 'typebox';

const nullableString = Type.Union([Type.String(), Type.Null()]);

/** What tells a history, beside its messages. */
export const HistoryHead = Type.Object({
  '$.session_id': Type.Tuple([Type.String()]),
  '$.user_id': Type.Optional(Type.Array(nullableString)),
  '$.created_at': Type.Array(Type.Number()),
  '$.store': Type.Array(
    Type.Object({
      schema_version: Type.Number(),
      epoch: Type.String(),
      generation: Type.Integer(),
    }),
  ),
  '$.metadata.message_count': Type.Tuple([Type.Integer()]),
  '$.messages[-1:].id': Type.Optional(Type.Array(Type.Unknown())),
});
export type HistoryHead = Static<typeof HistoryHead>;

/** What is known of a session without its messages. */
export const StoredMetadata = Type.Object({
  '$.session_id': Type.Tuple([Type.String()]),
  '$.user_id': Type.Array(nullableString),
  '$.created_at': Type.Tuple([Type.Number()]),
  '$.updated_at': Type.Tuple([Type.Number()]),
  '$.metadata': Type.Tuple([
    Type.Object({
      current_agent: nullableString,
      agents_used: Type.Array(Type.String()),
      message_count: Type.Integer(),
      total_tokens: Type.Integer(),
    }),
  ]),
  '$.store': Type.Array(Type.Object({ schema_version: Type.Number(), ttl_ms: Type.Integer() })),
});
export type StoredMetadata = Static<typeof StoredMetadata>;
