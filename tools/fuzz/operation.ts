import { type JsonObject, type JsonValue, type Role, roles } from '@agent-sessions/session-core';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';

const Json = Type.Unsafe<JsonValue>(Type.Unknown());
const RoleName = Type.Unsafe<Role>(Type.Enum([...roles]));
const True = Type.Literal(true);
/** Left out, or `undefined`, which is the same to the contract. */
const maybe = <Schema extends Type.TSchema>(schema: Schema) =>
  Type.Optional(Type.Union([schema, Type.Undefined()]));

/** Where an operation goes to: a store of the world, a session of it, and who asks. */
const place = {
  store: Type.Integer(),
  sessionId: Type.String(),
};
const access = {
  ...place,
  userId: maybe(Type.String()),
  /** The signal of the call has been aborted before it. */
  aborted: maybe(True),
};

/** A mark that was answered for the session's place: so many answers ago. */
const MarkName = Type.Object({
  back: Type.Integer(),
  /** What of it is made wrong. */
  forged: maybe(
    Type.Union([
      Type.Literal('epoch'),
      Type.Literal('generation'),
      Type.Literal('length'),
      Type.Literal('lastId'),
    ]),
  ),
});
export type MarkName = Static<typeof MarkName>;

const NewMessage = Type.Object({
  role: RoleName,
  content: maybe(Json),
  item: maybe(Type.Unsafe<JsonObject>(Type.Object({}))),
  agent: maybe(Type.Union([Type.String(), Type.Null()])),
  tokens: maybe(Type.Union([Type.Integer(), Type.Null()])),
  id: maybe(Type.String()),
  timestampMs: maybe(Type.Integer()),
});
export type FuzzedMessage = Static<typeof NewMessage>;

const Create = Type.Object({
  kind: Type.Literal('create'),
  ...access,
  ttlMs: maybe(Type.Integer()),
});

const CommitOperation = Type.Object({
  kind: Type.Literal('commit'),
  ...access,
  operationId: Type.String(),
  intent: maybe(Json),
  drop: maybe(Type.Union([Type.Integer(), Type.Literal('all')])),
  append: maybe(Type.Array(NewMessage)),
  expect: maybe(Type.Union([Type.Null(), MarkName, Type.Object({ epochOf: Type.Integer() })])),
  returnDropped: maybe(Type.Boolean()),
  forgetOperations: maybe(Type.Boolean()),
  agent: maybe(Type.String()),
  ttlMs: maybe(Type.Integer()),
});

/** What makes a commit another one, though its operation id is the same. */
export const changes = [
  'role',
  'content',
  'tokens',
  'by',
  'drop',
  'agent',
  'flags',
  'more',
  'order',
] as const;
const Repeat = Type.Object({
  kind: Type.Literal('repeat'),
  ...access,
  /** Which commit to the session's place: so many ago. */
  back: Type.Integer(),
  change: maybe(Type.Unsafe<(typeof changes)[number]>(Type.Enum([...changes]))),
  /** Expects what the first expected. Otherwise nothing. */
  expecting: maybe(True),
});

const Read = Type.Object({
  kind: Type.Literal('read'),
  ...access,
  last: maybe(Type.Integer()),
  role: maybe(RoleName),
  since: maybe(MarkName),
});

const Metadata = Type.Object({ kind: Type.Literal('metadata'), ...access });
const Delete = Type.Object({ kind: Type.Literal('delete'), ...access });
const List = Type.Object({
  kind: Type.Literal('list'),
  store: Type.Integer(),
  userId: access.userId,
  aborted: access.aborted,
});

/** So many small commits in a row, each with an operation id of its own. */
const Burst = Type.Object({
  kind: Type.Literal('burst'),
  ...place,
  /** The ids begin with it. */
  operationId: Type.String(),
  commits: Type.Integer(),
});

/** What the Python class sends for one of its methods. */
const Python = Type.Object({
  kind: Type.Literal('python'),
  ...place,
  call: Type.Union([
    Type.Object({
      method: Type.Literal('create'),
      userId: Type.String(),
      ttlSeconds: maybe(Type.Integer()),
    }),
    Type.Object({
      method: Type.Literal('add_message'),
      role: Type.String(),
      content: Type.String(),
      agent: maybe(Type.String()),
      tokens: maybe(Type.Integer()),
      ttlSeconds: maybe(Type.Integer()),
      /** It is interrupted after its first command. */
      halfDone: maybe(True),
    }),
    Type.Object({ method: Type.Literal('track_agent'), agent: Type.String() }),
    Type.Object({ method: Type.Literal('clear') }),
    Type.Object({ method: Type.Literal('delete') }),
  ]),
});

/** What happens to a key without anybody's driver. */
const Befall = Type.Object({
  kind: Type.Literal('befall'),
  ...place,
  what: Type.Union([
    /** Its TTL passes. */
    Type.Literal('expires'),
    /** A second of its TTL passes. */
    Type.Literal('ages'),
    Type.Literal('is a string'),
    Type.Literal('is other JSON'),
    Type.Literal('is of a newer schema'),
  ]),
});

const Operation = Type.Union([
  Create,
  CommitOperation,
  Repeat,
  Read,
  Metadata,
  Delete,
  List,
  Burst,
  Python,
  Befall,
]);
export type Operation = Static<typeof Operation>;
export type Kind<Name extends Operation['kind']> = Extract<Operation, { kind: Name }>;

const operations = Compile(Type.Array(Operation));

/** Whether these can be played: of what was read from a file, or made smaller. */
export function areOperations(value: unknown): value is Operation[] {
  return operations.Check(value);
}
