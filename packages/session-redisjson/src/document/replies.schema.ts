// What `JSON.GET` answers of several paths: an object, for each path the values it found.
import type { JsonValue } from '@agent-sessions/session-core';
import Type, { type Static } from 'typebox';

const nullableString = Type.Union([Type.String(), Type.Null()]);
const anything = Type.Array(Type.Unknown());

/** Whose document it is. */
const owner = {
  '$.session_id': Type.Tuple([Type.String()]),
  '$.user_id': Type.Array(nullableString),
};

/** What we keep of a session beside what the Python class keeps. */
export const OurMember = Type.Object({
  schema_version: Type.Number(),
  epoch: Type.String(),
  revision: Type.Integer(),
  generation: Type.Integer(),
  ttl_ms: Type.Integer(),
});
export type OurMember = Static<typeof OurMember>;

/** The same of any version. */
export const Versioned = Type.Object({ schema_version: Type.Number() });
export type Versioned = Static<typeof Versioned>;

/** What tells a history, beside its messages. */
export const HistoryHead = Type.Object({
  ...owner,
  '$.created_at': Type.Tuple([Type.Number()]),
  '$.agent_sessions': anything,
  '$.metadata.message_count': Type.Tuple([Type.Integer()]),
  '$.messages[-1:].id': Type.Optional(anything),
});
export type HistoryHead = Static<typeof HistoryHead>;

/** What is known of a session without its messages. */
export const StoredMetadata = Type.Object({
  ...owner,
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
  '$.usage': anything,
  '$.agent_sessions': anything,
});
export type StoredMetadata = Static<typeof StoredMetadata>;

/** What tells whose values they are, beside them. */
export const StateHead = Type.Object({
  ...owner,
  '$.agent_sessions': anything,
  '$.state_revisions': anything,
});
export type StateHead = Static<typeof StateHead>;

/** A named value, where there is one. */
export const StoredValue = Type.Unsafe<JsonValue>({ not: { type: 'null' } });
export type StoredValue = Static<typeof StoredValue>;
