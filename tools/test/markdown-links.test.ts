import { expect, test } from '@jest/globals';

import { deadLinks, markdownFiles } from './markdown-links.ts';

test('there are documents, and none that somebody else wrote', () => {
  const files = markdownFiles();
  expect(files).toEqual(expect.arrayContaining(['README.md', 'packages/session-core/README.md']));
  expect(files.filter((file) => file.includes('node_modules'))).toEqual([]);
});

test.each(markdownFiles())('every link of %s leads somewhere', (file) => {
  expect(deadLinks(file)).toEqual([]);
});

test('links to what is not there are found, of whatever form', () => {
  const text = [
    '# A `code()` heading, twice',
    '# A `code()` heading, twice',
    'Good: [a](#a-code-heading-twice) [b](#a-code-heading-twice-1) [c](tools) [d](https://x.y/#z)',
    '[e](./README.md#what-it-costs "title") <img src="bench/chart.svg">',
    'Bad: [f](none.md) [g](#none) [h](README.md#none) [i](tools#none) <a href="no.html">',
    '![k](no.png) [l][ref]',
    '',
    '[ref]: no/ref.md',
    '`[not](a-link)`',
    '```md',
    '[not](this/one)',
    '```',
  ].join('\n');
  expect(deadLinks('ROOT.md', text)).toEqual([
    ...['none.md', '#none', 'README.md#none', 'tools#none', 'no.png', 'no/ref.md', 'no.html'],
  ]);
});
