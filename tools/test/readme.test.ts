import { expect, test } from '@jest/globals';

import { blocksOf, readmes, typeProblems } from './readme-blocks.ts';

const blocks = readmes().flatMap(blocksOf);

test('the READMEs show code', () => {
  expect(blocks).not.toEqual([]);
});

test('the code in the READMEs has no type errors', () => {
  expect(typeProblems(blocks)).toEqual([]);
});

test('a type error is reported with its place in the README', () => {
  const code =
    "import { Conversation } from '@agent-sessions/session-core';\n\nnew Conversation(1);\n";
  expect(typeProblems([{ readme: 'packages/some/README.md', line: 40, code }])).toEqual([
    expect.stringMatching(/^packages\/some\/README\.md\(42,18\): error TS/),
  ]);
});
