import { runCommand } from '../../tools/run-command.ts';
import { median } from '../measure/statistics.ts';
import type { Figure } from '../report/results.ts';

/** What an application waits for before its first call, in processes of their own. */
export async function measureStartUp(url: string, rounds: number): Promise<Figure[]> {
  const open = `const { openSessionStore } = await import('@agent-sessions/session-redisjson');
    const start = performance.now();
    const store = await openSessionStore(${JSON.stringify(url)});
    console.log(performance.now() - start);
    await store.close();`;
  const codes: Record<string, string> = {
    'import typebox, with its validator': timedImports('typebox', 'typebox/schema'),
    'import the driver': timedImports('@agent-sessions/session-redisjson'),
    'import redis (node-redis 4)': timedImports('redis'),
    'import the core of the SDK': timedImports('@openai/agents-core'),
    'import the SDK and the adapter': timedImports(
      '@openai/agents-core',
      '@agent-sessions/agents-adapter',
    ),
    'import the SDK, the adapter and the driver': timedImports(
      '@openai/agents-core',
      '@agent-sessions/agents-adapter',
      '@agent-sessions/session-redisjson',
    ),
    'open a store by URL, with the import of redis': open,
  };
  const times = Object.keys(codes).map(() => [] as number[]);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, code] of Object.values(codes).entries()) {
      const output = await runCommand(process.execPath, ['--input-type=module', '--eval', code]);
      times[index]?.push(Number(output));
    }
  }
  return Object.keys(codes).map((what, index) => ({
    what,
    value: median(times[index] ?? []),
    unit: 'ms',
  }));
}

function timedImports(...modules: readonly string[]): string {
  const imports = modules.map((module) => `await import(${JSON.stringify(module)});`);
  return `const start = performance.now(); ${imports.join(' ')} console.log(performance.now() - start);`;
}
