import { readFileSync } from 'node:fs';

const source = new URL('../../session-core/src/contract/store.ts', import.meta.url);

/**
 * The promises as `store.ts` words them: the bullets in the comments of `SessionStore` and
 * `SessionStoreCapabilities`, and what a capability says of itself where it has no bullets.
 */
export function storeSentences(): string[] {
  const text = readFileSync(source, 'utf8');
  return ['SessionStore', 'SessionStoreCapabilities'].flatMap((name) => {
    const { comments, body } = interfaceNamed(name, text);
    const isCapabilities = name === 'SessionStoreCapabilities';
    const members = [...body.matchAll(/\/\*\*(.*?)\*\//gs)].map(([, comment = '']) => comment);
    return [...comments, ...members.flatMap((comment) => sentencesOf(comment, isCapabilities))];
  });
}

function interfaceNamed(name: string, text: string) {
  const found = new RegExp(
    `/\\*\\*((?:(?!\\*/).)*)\\*/\\s*export interface ${name} \\{(.*?)\\n\\}`,
    's',
  ).exec(text);
  const [, comment, body] = found ?? [];
  if (comment === undefined || body === undefined) {
    throw new Error(`store.ts has no interface ${name} with a comment.`);
  }
  return { comments: sentencesOf(comment, false), body };
}

function sentencesOf(comment: string, alsoWithoutBullets: boolean): string[] {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
  const [prose = '', ...bullets] = lines.join('\n').split(/^- /m);
  const texts = bullets.length === 0 && alsoWithoutBullets ? [prose] : bullets;
  return texts.map((each) => (each.split('\n\n')[0] ?? '').replaceAll(/\s+/g, ' ').trim());
}
