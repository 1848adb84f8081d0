import { brokenBadInput } from './bad-input.ts';
import { brokenBesideHistory } from './beside-history.ts';
import type { BrokenStore } from './broken-store.ts';
import { brokenCapabilities } from './capabilities.ts';
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
import { brokenValues } from './named-values.ts';
import { brokenReads } from './read.ts';
import { brokenPages } from './sessions.ts';
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
  ...brokenValues,
  ...brokenBesideHistory,
  ...brokenReads,
  ...brokenMetadata,
  ...brokenExpiry,
  ...brokenPages,
  ...brokenDeletion,
  ...brokenListing,
  ...brokenClosing,
  ...brokenSharing,
  ...brokenCapabilities,
];
