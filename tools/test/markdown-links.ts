import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Every Markdown file of the repository, from its root; not those that are installed or built. */
export function markdownFiles(folder = '.'): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return entry.name.endsWith('.md') ? [path] : [];
    const isOurs = entry.isDirectory() && !/^(\.git|\.cache|node_modules|dist)$/.test(entry.name);
    return isOurs ? markdownFiles(path) : [];
  });
}

/**
 * The links of a Markdown text that lead nowhere: to a path or to a heading that is not there. Links
 * to other servers are not followed.
 *
 * @param file - where it lies, from the root
 */
export function deadLinks(file: string, text = readFileSync(file, 'utf8')): string[] {
  return linksOf(text).filter((link) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    if (path === '') return !anchorsOf(text).includes(anchor ?? '');
    const target = join(dirname(file), decodeURI(path));
    if (anchor === undefined || !target.endsWith('.md')) return !existsSync(target) || !!anchor;
    return !existsSync(target) || !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
  });
}

function linksOf(text: string): string[] {
  const prose = withoutCode(text);
  const links = [
    ...prose.matchAll(/\]\(\s*<?([^()\s>]+(?:\([^()\s]*\)[^()\s]*)?)>?(?:\s+"[^"]*")?\s*\)/g),
    ...prose.matchAll(/^\s*\[[^\]^]+\]:\s*(\S+)/gm),
    ...prose.matchAll(/\b(?:href|src)="([^"]+)"/g),
  ];
  return links.map(([, link = '']) => link);
}

/** As GitHub names headings; the same again has a number. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  const headings = withoutCode(text).matchAll(/^#{1,6} +(.+?)[ #]*$/gm);
  return Array.from(headings, ([, heading = '']) => {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

/** Of code in a line the text stays: it is a part of headings and of the texts of links. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/^(```+|~~~+)[^]*?^\1\s*$/gm, '')
    .replaceAll(/`([^`\n]*)`/g, (_code, inner: string) => inner.replaceAll(/[[\]()<>]/g, ''));
}
