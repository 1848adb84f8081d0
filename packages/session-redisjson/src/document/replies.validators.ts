// Written by `npm run generate` from replies.schema.ts: change that.
// @ts-nocheck What typebox writes has no types of its own.
import type { HistoryHead, OurMember, StateHead, StoredMetadata, StoredValue, Versioned } from './replies.schema.ts';

const checkHistoryHead0 = ((value) => ((typeof value === "object" && value !== null && !(Array.isArray(value))) && ((((("$.session_id" in value && "$.user_id" in value) && "$.created_at" in value) && "$.agent_sessions" in value) && "$.metadata.message_count" in value) && ((((((Array.isArray(value["$.session_id"]) && ((value["$.session_id"].every((unique_0, unique_1) => ((unique_1 < 1 || false))) && (value["$.session_id"].length <= 0 || typeof value["$.session_id"][0] === "string")) && value["$.session_id"].length >= 1)) && (Array.isArray(value["$.user_id"]) && value["$.user_id"].every((unique_2, index) => ((typeof unique_2 === "string" || unique_2 === null))))) && (Array.isArray(value["$.created_at"]) && ((value["$.created_at"].every((unique_3, unique_4) => ((unique_4 < 1 || false))) && (value["$.created_at"].length <= 0 || Number.isFinite(value["$.created_at"][0]))) && value["$.created_at"].length >= 1))) && (Array.isArray(value["$.agent_sessions"]) && value["$.agent_sessions"].every((unique_5, index) => (true)))) && (Array.isArray(value["$.metadata.message_count"]) && ((value["$.metadata.message_count"].every((unique_6, unique_7) => ((unique_7 < 1 || false))) && (value["$.metadata.message_count"].length <= 0 || Number.isInteger(value["$.metadata.message_count"][0]))) && value["$.metadata.message_count"].length >= 1))) && (value["$.messages[-1:].id"] === undefined || (!("$.messages[-1:].id" in value) || (Array.isArray(value["$.messages[-1:].id"]) && value["$.messages[-1:].id"].every((unique_8, index) => (true)))))))));
export function isHistoryHead(value: unknown): value is HistoryHead {
  return checkHistoryHead0(value);
}

const checkOurMember0 = ((value) => ((typeof value === "object" && value !== null && !(Array.isArray(value))) && ((((("schema_version" in value && "epoch" in value) && "revision" in value) && "generation" in value) && "ttl_ms" in value) && ((((Number.isFinite(value.schema_version) && typeof value.epoch === "string") && Number.isInteger(value.revision)) && Number.isInteger(value.generation)) && Number.isInteger(value.ttl_ms)))));
export function isOurMember(value: unknown): value is OurMember {
  return checkOurMember0(value);
}

const checkStateHead0 = ((value) => ((typeof value === "object" && value !== null && !(Array.isArray(value))) && (((("$.session_id" in value && "$.user_id" in value) && "$.agent_sessions" in value) && "$.state_revisions" in value) && ((((Array.isArray(value["$.session_id"]) && ((value["$.session_id"].every((unique_0, unique_1) => ((unique_1 < 1 || false))) && (value["$.session_id"].length <= 0 || typeof value["$.session_id"][0] === "string")) && value["$.session_id"].length >= 1)) && (Array.isArray(value["$.user_id"]) && value["$.user_id"].every((unique_2, index) => ((typeof unique_2 === "string" || unique_2 === null))))) && (Array.isArray(value["$.agent_sessions"]) && value["$.agent_sessions"].every((unique_3, index) => (true)))) && (Array.isArray(value["$.state_revisions"]) && value["$.state_revisions"].every((unique_4, index) => (true)))))));
export function isStateHead(value: unknown): value is StateHead {
  return checkStateHead0(value);
}

const checkStoredMetadata0 = ((value) => ((typeof value === "object" && value !== null && !(Array.isArray(value))) && ((((((("$.session_id" in value && "$.user_id" in value) && "$.created_at" in value) && "$.updated_at" in value) && "$.metadata" in value) && "$.usage" in value) && "$.agent_sessions" in value) && (((((((Array.isArray(value["$.session_id"]) && ((value["$.session_id"].every((unique_0, unique_1) => ((unique_1 < 1 || false))) && (value["$.session_id"].length <= 0 || typeof value["$.session_id"][0] === "string")) && value["$.session_id"].length >= 1)) && (Array.isArray(value["$.user_id"]) && value["$.user_id"].every((unique_2, index) => ((typeof unique_2 === "string" || unique_2 === null))))) && (Array.isArray(value["$.created_at"]) && ((value["$.created_at"].every((unique_3, unique_4) => ((unique_4 < 1 || false))) && (value["$.created_at"].length <= 0 || Number.isFinite(value["$.created_at"][0]))) && value["$.created_at"].length >= 1))) && (Array.isArray(value["$.updated_at"]) && ((value["$.updated_at"].every((unique_5, unique_6) => ((unique_6 < 1 || false))) && (value["$.updated_at"].length <= 0 || Number.isFinite(value["$.updated_at"][0]))) && value["$.updated_at"].length >= 1))) && (Array.isArray(value["$.metadata"]) && ((value["$.metadata"].every((unique_7, unique_8) => ((unique_8 < 1 || false))) && (value["$.metadata"].length <= 0 || ((typeof value["$.metadata"][0] === "object" && value["$.metadata"][0] !== null && !(Array.isArray(value["$.metadata"][0]))) && (((("current_agent" in value["$.metadata"][0] && "agents_used" in value["$.metadata"][0]) && "message_count" in value["$.metadata"][0]) && "total_tokens" in value["$.metadata"][0]) && ((((typeof value["$.metadata"][0].current_agent === "string" || value["$.metadata"][0].current_agent === null) && (Array.isArray(value["$.metadata"][0].agents_used) && value["$.metadata"][0].agents_used.every((unique_9, index) => (typeof unique_9 === "string")))) && Number.isInteger(value["$.metadata"][0].message_count)) && Number.isInteger(value["$.metadata"][0].total_tokens)))))) && value["$.metadata"].length >= 1))) && (Array.isArray(value["$.usage"]) && value["$.usage"].every((unique_10, index) => (true)))) && (Array.isArray(value["$.agent_sessions"]) && value["$.agent_sessions"].every((unique_11, index) => (true)))))));
export function isStoredMetadata(value: unknown): value is StoredMetadata {
  return checkStoredMetadata0(value);
}

const checkStoredValue0 = ((value) => !(value === null));
export function isStoredValue(value: unknown): value is StoredValue {
  return checkStoredValue0(value);
}

const checkVersioned0 = ((value) => ((typeof value === "object" && value !== null && !(Array.isArray(value))) && ("schema_version" in value && Number.isFinite(value.schema_version))));
export function isVersioned(value: unknown): value is Versioned {
  return checkVersioned0(value);
}
