// Written by `npm run generate` from message.schema.ts: change that.
// @ts-nocheck What typebox writes has no types of its own.
import type { Message, Role, Said } from './message.schema.ts';

const checkMessage0 = ((value) => ((typeof value === "object" && value !== null && !(Array.isArray(value))) && (((((("id" in value && "role" in value) && "timestampMs" in value) && "agent" in value) && "tokens" in value) && "content" in value) && ((((((typeof value.id === "string" && (typeof value.role === "string" && !(value.role === ""))) && Number.isFinite(value.timestampMs)) && (typeof value.agent === "string" || value.agent === null)) && ((Number.isInteger(value.tokens) && (!((Number.isFinite(value.tokens) || typeof value.tokens === "bigint")) || value.tokens >= 0)) || value.tokens === null)) && true) && (value.item === undefined || (!("item" in value) || ((typeof value.item === "object" && value.item !== null && !(Array.isArray(value.item))) && true)))))));
export function isMessage(value: unknown): value is Message {
  return checkMessage0(value);
}

const checkRole0 = ((value) => ((((value === "user" || value === "assistant") || value === "system") || value === "developer") || value === "tool"));
export function isRole(value: unknown): value is Role {
  return checkRole0(value);
}

const checkSaid0 = ((value) => ((typeof value === "object" && value !== null && !(Array.isArray(value))) && ("content" in value && (true && (value.item === undefined || (!("item" in value) || ((typeof value.item === "object" && value.item !== null && !(Array.isArray(value.item))) && true)))))));
export function isSaid(value: unknown): value is Said {
  return checkSaid0(value);
}
