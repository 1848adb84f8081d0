import type { Case } from './case.ts';
import { badInputCases } from './cases/bad-input.ts';
import { besideHistoryCases } from './cases/beside-history.ts';
import { capabilityCases } from './cases/capabilities.ts';
import { closeCases } from './cases/close.ts';
import { commitAgentCases } from './cases/commit-agents.ts';
import { commitConcurrencyCases } from './cases/commit-concurrency.ts';
import { commitCreationCases } from './cases/commit-creation.ts';
import { commitDropCases } from './cases/commit-drop.ts';
import { commitExpectationCases } from './cases/commit-expectations.ts';
import { commitOperationCases } from './cases/commit-operations.ts';
import { commitWholenessCases } from './cases/commit-wholeness.ts';
import { contentCases } from './cases/content.ts';
import { createCases } from './cases/create.ts';
import { deleteCases } from './cases/delete.ts';
import { durableCases } from './cases/durable.ts';
import { expiryCases } from './cases/expiry.ts';
import { historyCases } from './cases/history.ts';
import { idCases } from './cases/ids.ts';
import { listCases } from './cases/list.ts';
import { markCases } from './cases/marks.ts';
import { metadataCases } from './cases/metadata.ts';
import { missingSessionCases } from './cases/missing-session.ts';
import { namedValueCases } from './cases/named-values.ts';
import { readCases } from './cases/read.ts';
import { sessionsCases } from './cases/sessions.ts';
import { sharedWriterCases } from './cases/shared-writers.ts';
import { signalCases } from './cases/signals.ts';
import { sinceCases } from './cases/since.ts';
import { userCases } from './cases/users.ts';

/** The contract of a session store, promise by promise, in the order of `store.ts`. */
export const cases: readonly Case[] = [
  ...missingSessionCases,
  ...contentCases,
  ...historyCases,
  ...idCases,
  ...userCases,
  ...badInputCases,
  ...signalCases,
  ...createCases,
  ...commitWholenessCases,
  ...commitConcurrencyCases,
  ...commitDropCases,
  ...commitOperationCases,
  ...commitExpectationCases,
  ...commitCreationCases,
  ...commitAgentCases,
  ...namedValueCases,
  ...besideHistoryCases,
  ...readCases,
  ...sinceCases,
  ...markCases,
  ...metadataCases,
  ...sessionsCases,
  ...deleteCases,
  ...listCases,
  ...closeCases,
  ...durableCases,
  ...sharedWriterCases,
  ...expiryCases,
  ...capabilityCases,
];
