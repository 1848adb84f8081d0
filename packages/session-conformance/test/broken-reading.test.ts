import { brokenBadInput } from './broken-stores/bad-input.ts';
import { brokenContent } from './broken-stores/content.ts';
import { findBroken } from './broken-stores/find-broken.ts';
import { brokenHistory } from './broken-stores/history.ts';
import { brokenIds, brokenUsers } from './broken-stores/ids-and-users.ts';
import { brokenListing, brokenMetadata } from './broken-stores/metadata-and-deletion.ts';
import { brokenReads } from './broken-stores/read.ts';
import { brokenSharing } from './broken-stores/several-stores.ts';
import { brokenSignals } from './broken-stores/signals.ts';

findBroken([
  ...brokenHistory,
  ...brokenContent,
  ...brokenIds,
  ...brokenUsers,
  ...brokenBadInput,
  ...brokenSignals,
  ...brokenReads,
  ...brokenMetadata,
  ...brokenListing,
  ...brokenSharing,
]);
