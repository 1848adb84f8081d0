export { AgentsSession } from './session/agents-session.ts';
export type { AgentsSessionOptions } from './session/agents-session.ts';
export { archiveItems } from './session/archive-items.ts';
export { compactingSession } from './session/compacting-session.ts';
export type { SessionChoice } from './session/session-choice.ts';
export { windowItems } from './items/window.ts';
export type { WindowLimits } from './items/window.ts';
