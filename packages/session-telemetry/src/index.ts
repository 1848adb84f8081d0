export { TelemetrySessionStore } from './telemetry-session-store.ts';
export type { TelemetrySessionStoreOptions } from './telemetry-session-store.ts';
