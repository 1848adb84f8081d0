import { build } from 'esbuild';

/** What the first program of the README imports. */
const program = `
  export { AgentsSession } from '@agent-sessions/agents-adapter';
  export { openSessionStore, RedisJsonSessionStore } from '@agent-sessions/session-redisjson';`;

/** What a program of ours is bundled to, in kB, without the SDK and redis. */
export async function bundledKilobytes({ minify }: { readonly minify: boolean }): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    conditions: ['@agent-sessions/source'],
    external: ['@openai/*', 'redis'],
    platform: 'node',
    format: 'esm',
    charset: 'utf8',
    minify,
    write: false,
  });
  return outputFiles.reduce((bytes, { contents }) => bytes + contents.length, 0) / 1000;
}
