import { brokenBadInput } from './bad-input.ts';
import type { BrokenStore } from './broken-store.ts';
import { brokenClosing } from './close.ts';
import { brokenCommit } from './commit.ts';
import { brokenContent } from './content.ts';
import { control } from './control.ts';
import { brokenCreate } from './create.ts';
import { brokenExpectations } from './expectations.ts';
import { brokenExpiry } from './expiry.ts';
import { brokenHistory } from './history.ts';
import { brokenIds, brokenUsers } from './ids-and-users.ts';
import { brokenDeletion, brokenListing, brokenMetadata } from './metadata-and-deletion.ts';
import { brokenOperations } from './operations.ts';
import { brokenReads } from './read.ts';
import { brokenSharing } from './several-stores.ts';
import { brokenSignals } from './signals.ts';

/** Every store that breaks a promise, and first the one that breaks none. */
export const everyBrokenStore: readonly BrokenStore[] = [
  control,
  ...brokenHistory,
  ...brokenContent,
  ...brokenIds,
  ...brokenUsers,
  ...brokenBadInput,
  ...brokenSignals,
  ...brokenCreate,
  ...brokenCommit,
  ...brokenOperations,
  ...brokenExpectations,
  ...brokenReads,
  ...brokenMetadata,
  ...brokenExpiry,
  ...brokenDeletion,
  ...brokenListing,
  ...brokenClosing,
  ...brokenSharing,
];
