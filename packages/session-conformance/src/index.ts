export { testSessionStore } from './test-session-store.ts';
export type { RegisterTest, TestRunner } from './test-session-store.ts';
export type { StoreSetup, StoreUnderTest } from './store-setup.ts';
export { cases } from './cases.ts';
export type { Case, CaseContext } from './case.ts';
export { runCases } from './run-cases.ts';
export type { Report } from './run-cases.ts';
export { reasonToSkip, runCase } from './run-case.ts';
