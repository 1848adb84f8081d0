/** @jest-config-loader esbuild-register */
import { availableParallelism } from 'node:os';

import type { Config } from 'jest';

const config: Config = {
  testEnvironment: '<rootDir>/tools/jest/leak-checking-environment.ts',
  testEnvironmentOptions: {
    // Packages are tested as source: no build first, no module mapping.
    customExportConditions: ['@agent-sessions/source', 'node', 'node-addons'],
  },
  testMatch: ['<rootDir>/{packages,examples,tools,bench}/**/*.test.ts'],
  globalSetup: '<rootDir>/tools/jest/global-setup.ts',
  globalTeardown: '<rootDir>/tools/jest/global-teardown.ts',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' } },
    ],
  },
  // Half of the tests wait for servers and for sessions to end most of the time: on two cores, four
  // at a time take a third less than two.
  maxWorkers: Math.max(availableParallelism(), 4),
  testTimeout: 120_000,
};

export default config;
