import { describe, expect, it } from '@jest/globals';
import { cases } from '@agent-sessions/session-conformance';

import { everyBrokenStore } from './broken-stores/every.ts';
import { storeSentences } from './store-sentences.ts';

const promises = [...new Set(cases.map(({ promise }) => promise))];

describe('the cases', () => {
  it('test every sentence of the contract', () => {
    expect(storeSentences().filter((sentence) => !promises.includes(sentence))).toEqual([]);
  });

  it('test nothing else', () => {
    const sentences = storeSentences();
    expect(promises.filter((promise) => !sentences.includes(promise))).toEqual([]);
    // Neither the contract nor the way it is read here has fallen apart.
    expect(sentences.length).toBeGreaterThanOrEqual(44);
  });

  it('have names of their own within a promise', () => {
    const names = cases.map(({ promise, name }) => `${promise} › ${name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('find, for every promise, a store that breaks it', () => {
    const broken = everyBrokenStore.flatMap(({ breaks }) => breaks);
    expect(promises.filter((promise) => !broken.includes(promise))).toEqual([]);
    const names = everyBrokenStore.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
