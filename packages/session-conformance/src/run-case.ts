import type { SessionStore } from '@agent-sessions/session-core';

import { answerOf, CallWatch } from './call-watch.ts';
import type { Case } from './case.ts';
import { SetupFault } from './setup-fault.ts';
import type { StoreSetup, StoreUnderTest } from './store-setup.ts';

/** Why a case says nothing about a driver; `undefined` where it is to be run. */
export function reasonToSkip({ needs }: Case, { capabilities }: StoreSetup): string | undefined {
  const missing = [needs ?? []].flat().find((capability) => !capabilities[capability]);
  return missing && `the store does not claim ${missing}`;
}

/**
 * Runs one case in a place of its own, and cleans up after it.
 *
 * @throws Error where the promise is broken, a call does not answer or the set-up fails
 */
export async function runCase(conformanceCase: Case, setup: StoreSetup): Promise<void> {
  const { deadlineMs = 10_000 } = setup;
  const watch = new CallWatch(deadlineMs);
  const step = <T>(part: string, task: () => Promise<T>) =>
    SetupFault.in(setup, part, () => answerOf(part, task(), deadlineMs));

  const place = await step('create()', async () => placeOf(await setup.create(), setup));
  const opened = new Set<SessionStore>();
  const open = async () => {
    const store = watch.store(await step('open()', async () => place.open()));
    opened.add(store);
    checkClaims(store, setup);
    return store;
  };
  const close = async (store: SessionStore) => {
    opened.delete(store);
    await store.close();
  };
  const run = async () =>
    conformanceCase.run({ store: await open(), id: 'session-1', open, close });

  const failures: unknown[] = [];
  const note = (error: unknown) => void failures.push(error);
  await run().catch(note);
  await Promise.all(Array.from(opened, (store) => close(store).catch(note)));
  await step('dispose()', async () => place.dispose?.()).catch(note);
  // Whatever else failed: a call that hangs is what there is to mend.
  if (watch.unanswered) throw watch.unanswered;
  if (failures.length > 0) throw failures[0];
}

function placeOf(created: StoreUnderTest | SessionStore, setup: StoreSetup): StoreUnderTest {
  if ('open' in created) return created;
  const { durable, sharedWriters } = setup.capabilities;
  if (!durable && !sharedWriters) return { open: () => created };
  throw new TypeError(
    'A store that claims durable or sharedWriters is opened more than once. Answer { open }.',
  );
}

function checkClaims(store: SessionStore, setup: StoreSetup): void {
  for (const [claim, claimed] of Object.entries(setup.capabilities)) {
    const ofStore: unknown = Reflect.get(store.capabilities, claim);
    if (ofStore === claimed) continue;
    throw new SetupFault(
      `The set-up of ${setup.name} claims ${claim}: ${claimed}, its store ${String(ofStore)}. Make them agree.`,
    );
  }
}
