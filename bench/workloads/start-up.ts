import { bundledKilobytes } from '../../tools/imports/bundled-kilobytes.ts';
import { runCommand } from '../../tools/run-command.ts';
import { median } from '../measure/statistics.ts';
import type { Figure } from '../report/results.ts';

const redis = 'import redis (node-redis 4)';
const sdk = 'import the core of the SDK after it';
/** What ours adds to a program that has the SDK and redis. */
export const ownImport = 'import our core, adapter and driver after both';
/** How often {@link ownImport} goes into {@link redis}. */
export const importRatio = 'the last against redis';
/** Of a program of ours, without the SDK and redis. */
export const ownBundle = 'a program with adapter and driver, bundled';

const ours = [
  '@agent-sessions/session-core',
  '@agent-sessions/agents-adapter',
  '@agent-sessions/session-redisjson',
];

/** What an application waits for before its first call, in processes of their own, and what it ships. */
export async function measureStartUp(url: string, rounds: number): Promise<Figure[]> {
  const open = `const { openSessionStore } = await import('@agent-sessions/session-redisjson');
    const start = performance.now();
    const store = await openSessionStore(${JSON.stringify(url)});
    console.log(performance.now() - start);
    await store.close();`;
  const imports: Record<string, readonly string[]> = {
    [redis]: ['redis'],
    [sdk]: ['@openai/agents-core'],
    [ownImport]: ours,
  };
  const times: Record<string, number[]> = {};
  const note = (what: string, timeMs: number) => (times[what] ??= []).push(timeMs);
  for (let round = 0; round < rounds; round += 1) {
    // One after the other in one process, so that what makes it slow makes all of them slow.
    const told = await evaluate(Object.values(imports).map(timedImports).join('\n'));
    Object.keys(imports).forEach((what, index) => note(what, Number(told.split('\n')[index])));
    note('import our schemas, with typebox', Number(await evaluate(timedImports([schemas]))));
    note('open a store by URL, with the import of redis', Number(await evaluate(open)));
  }
  const figures = Object.entries(times).map(([what, all]) => figure(what, median(all), 'ms'));
  const ratio = median(times[ownImport] ?? []) / median(times[redis] ?? []);
  return [
    ...figures,
    figure(importRatio, ratio, '×'),
    figure(ownBundle, await bundledKilobytes({ minify: false }), 'kB'),
    figure('the same, minified', await bundledKilobytes({ minify: true }), 'kB'),
  ];
}

const schemas = '@agent-sessions/session-redisjson/schemas';

function figure(what: string, value: number, unit: string): Figure {
  return { what, value, unit };
}

function evaluate(code: string): Promise<string> {
  return runCommand(process.execPath, ['--input-type=module', '--eval', code]);
}

function timedImports(modules: readonly string[]): string {
  const imports = modules.map((module) => `await import(${JSON.stringify(module)});`);
  return `{ const start = performance.now(); ${imports.join(' ')} console.log(performance.now() - start); }`;
}
