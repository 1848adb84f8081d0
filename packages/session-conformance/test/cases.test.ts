import { describe, expect, it } from '@jest/globals';
import { cases } from '@agent-sessions/session-conformance';

import { brokenBadInput } from './broken-stores/bad-input.ts';
import { brokenCommit } from './broken-stores/commit.ts';
import { brokenContent } from './broken-stores/content.ts';
import { brokenCreate } from './broken-stores/create.ts';
import { brokenExpectations } from './broken-stores/expectations.ts';
import { brokenExpiry } from './broken-stores/expiry.ts';
import { brokenHistory } from './broken-stores/history.ts';
import { brokenIds, brokenUsers } from './broken-stores/ids-and-users.ts';
import {
  brokenDeletion,
  brokenListing,
  brokenMetadata,
} from './broken-stores/metadata-and-deletion.ts';
import { brokenOperations } from './broken-stores/operations.ts';
import { brokenReads } from './broken-stores/read.ts';
import { brokenSharing } from './broken-stores/several-stores.ts';
import { brokenSignals } from './broken-stores/signals.ts';
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
    const stores = [
      ...[brokenHistory, brokenContent, brokenIds, brokenUsers, brokenBadInput, brokenCreate],
      ...[brokenCommit, brokenOperations, brokenExpectations, brokenReads, brokenMetadata],
      ...[brokenSignals, brokenDeletion, brokenListing, brokenSharing, brokenExpiry],
    ].flat();
    const broken = stores.flatMap(({ breaks }) => breaks);
    expect(promises.filter((promise) => !broken.includes(promise))).toEqual([]);
    expect(new Set(stores.map(({ name }) => name)).size).toBe(stores.length);
  });
});
