// Written by `npm run generate` from stored-message.schema.ts: change that.
// @ts-nocheck What typebox writes has no types of its own.
import type { StoredMessage } from './stored-message.schema.ts';

const checkStoredMessage0 = ((value) => ((typeof value === "object" && value !== null && !(Array.isArray(value))) && (((("id" in value && "role" in value) && "content" in value) && "timestamp" in value) && (((((((typeof value.id === "string" && (typeof value.role === "string" && !(value.role === ""))) && true) && Number.isFinite(value.timestamp)) && (value.agent === undefined || (!("agent" in value) || (typeof value.agent === "string" || value.agent === null)))) && (value.tokens === undefined || (!("tokens" in value) || ((Number.isInteger(value.tokens) && (!((Number.isFinite(value.tokens) || typeof value.tokens === "bigint")) || value.tokens >= 0)) || value.tokens === null)))) && (value.item === undefined || (!("item" in value) || ((typeof value.item === "object" && value.item !== null && !(Array.isArray(value.item))) && true)))) && (value.exact === undefined || (!("exact" in value) || typeof value.exact === "string"))))));
export function isStoredMessage(value: unknown): value is StoredMessage {
  return checkStoredMessage0(value);
}
