export { AgentsSession } from './agents-session.ts';
export type { AgentsSessionOptions, SessionChoice } from './agents-session.ts';
export { archiveItems } from './archive-items.ts';
export { compactingSession } from './compacting-session.ts';
export { windowItems } from './window.ts';
export type { WindowLimits } from './window.ts';
