export { AgentsSession } from './session/agents-session.ts';
export type { AgentsSessionOptions, SessionChoice } from './session/agents-session.ts';
export { archiveItems } from './session/archive-items.ts';
export { compactingSession } from './session/compacting-session.ts';
export { windowItems } from './items/window.ts';
export type { WindowLimits } from './items/window.ts';
