import { expect, test } from '@jest/globals';

import { bundledKilobytes } from '../imports/bundled-kilobytes.ts';
import { importedPackages } from '../imports/imported-packages.ts';

const core = ['packages/session-core'];

// `redis` is loaded when a store is opened by URL, and a driver when it is named. typebox, which is
// most of what an application would wait for, only comes with the schemas.
test.each([
  ['@agent-sessions/session-core', core],
  ['@agent-sessions/session-memory', [...core, 'packages/session-memory']],
  ['@agent-sessions/session-redisjson', [...core, 'packages/session-redisjson']],
  ['@agent-sessions/session-cache', [...core, 'packages/session-cache', 'lru-cache']],
  ['@agent-sessions/session-encryption', [...core, 'packages/session-encryption']],
  ['@agent-sessions/session-core/schemas', [...core, 'typebox']],
  ['@agent-sessions/session-redisjson/schemas', [...core, 'packages/session-redisjson', 'typebox']],
  ['@agent-sessions/session-conformance', [...core, 'packages/session-conformance']],
])('%s loads nothing that is not used', async (name, packages) => {
  expect(await importedPackages(name)).toEqual(packages.toSorted());
});

test('the adapter loads what the SDK’s core loads, and ours', async () => {
  const [adapter, sdk] = await Promise.all(
    ['@agent-sessions/agents-adapter', '@openai/agents-core'].map(importedPackages),
  );
  expect(sdk).toContain('@openai/agents-core');
  const own = ['packages/agents-adapter', ...core];
  expect(adapter).toEqual([...new Set([...own, ...(sdk ?? [])])].toSorted());
});

test('a program with adapter and driver is bundled and minified to 110 kB at most', async () => {
  expect(await bundledKilobytes({ minify: true })).toBeLessThanOrEqual(110);
});
