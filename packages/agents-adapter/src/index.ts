export { AgentsSession } from './agents-session.ts';
export type { AgentsSessionOptions, SessionChoice } from './agents-session.ts';
export { compactingSession } from './compacting-session.ts';
