import { brokenCommit } from './broken-stores/commit.ts';
import { control } from './broken-stores/control.ts';
import { brokenCreate } from './broken-stores/create.ts';
import { brokenExpectations } from './broken-stores/expectations.ts';
import { brokenExpiry } from './broken-stores/expiry.ts';
import { findBroken } from './broken-stores/find-broken.ts';
import { brokenDeletion } from './broken-stores/metadata-and-deletion.ts';
import { brokenOperations } from './broken-stores/operations.ts';

findBroken([
  control,
  ...brokenExpiry,
  ...brokenCreate,
  ...brokenCommit,
  ...brokenOperations,
  ...brokenExpectations,
  ...brokenDeletion,
]);
