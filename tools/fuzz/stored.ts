import { isDeepStrictEqual } from 'node:util';

import Type from 'typebox';
import { Compile } from 'typebox/schema';

import { Difference, same, within } from './difference.ts';
import { type ModelSession } from './model-session.ts';
import type { Command } from './world.ts';

const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** What the Python class needs of a document. */
const Document = Compile(
  Type.Object({
    session_id: Type.String(),
    user_id: nullable(Type.String()),
    created_at: Type.Number(),
    updated_at: Type.Number(),
    metadata: Type.Object({
      current_agent: nullable(Type.String()),
      agents_used: Type.Array(Type.String()),
      message_count: Type.Integer(),
      total_tokens: Type.Integer(),
    }),
    messages: Type.Array(
      Type.Object({
        id: Type.String(),
        role: Type.String(),
        content: Type.Unknown(),
        timestamp: Type.Number(),
        agent: nullable(Type.String()),
        tokens: nullable(Type.Integer()),
        exact: Type.Optional(Type.String()),
      }),
    ),
    handoff_context: Type.Null(),
  }),
);

/**
 * Holds what Redis has under a key against the model, past the driver.
 *
 * @throws Difference
 */
export async function checkStored(
  command: Command,
  key: string,
  expected: ModelSession | string | undefined,
): Promise<void> {
  if (expected === undefined) {
    same(await command('EXISTS', key), 0, `EXISTS ${JSON.stringify(key)}`);
    return;
  }
  const expiry = command('PEXPIRETIME', key);
  if (typeof expected === 'string') {
    const get = expected.startsWith('{') ? 'JSON.GET' : 'GET';
    same(await command(get, key), expected, 'what is not a session');
    return;
  }
  const [text, expiresAtMs] = await Promise.all([command('JSON.GET', key), expiry]);
  const document: unknown = typeof text === 'string' ? JSON.parse(text) : text;
  if (!Document.Check(document)) {
    throw new Difference(`Python cannot read the document ${JSON.stringify(document)}`);
  }
  const { session_id, user_id, created_at, updated_at, metadata, messages } = document;
  same([session_id, user_id], [expected.sessionId, expected.userId], 'session_id and user_id');
  within(Math.round(created_at * 1000), expected.createdAt, 'created_at');
  within(Math.round(updated_at * 1000), expected.updatedAt, 'updated_at');
  const { currentAgent, agentsUsed } = expected;
  same(
    metadata,
    {
      ...{ current_agent: currentAgent, agents_used: agentsUsed },
      message_count: messages.length,
      total_tokens: messages.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0),
    },
    '$.metadata',
  );
  same(
    messages.map(({ role, agent, tokens }) => [role, agent, tokens]),
    expected.messages.map(({ role, agent, tokens }) => [role, agent, tokens]),
    'role, agent and tokens of the messages',
  );
  for (const [index, { content, exact }] of messages.entries()) {
    const wanted = expected.messages[index]?.content;
    if (exact !== undefined || isDeepStrictEqual(content, wanted)) continue;
    same(content, wanted, `content of message ${index} for Python`);
  }
  checkExpiry(Number(expiresAtMs), expected);
}

function checkExpiry(expiresAtMs: number, { expiresAt }: ModelSession): void {
  if (expiresAt) within(expiresAtMs, expiresAt, 'PEXPIRETIME');
  else same(expiresAtMs, -1, 'PEXPIRETIME');
}
