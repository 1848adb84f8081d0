import type { SessionStore } from '@agent-sessions/session-core';

import type { Case } from './case.ts';
import type { StoreSetup, StoreUnderTest } from './store-setup.ts';

/** Why a case says nothing about a driver; `undefined` where it is to be run. */
export function reasonToSkip({ needs }: Case, { capabilities }: StoreSetup): string | undefined {
  return needs === undefined || capabilities[needs]
    ? undefined
    : `the store does not claim ${needs}`;
}

/**
 * Runs one case in a place of its own, and cleans up after it.
 *
 * @throws Error where the promise is broken or the set-up fails
 */
export async function runCase(conformanceCase: Case, setup: StoreSetup): Promise<void> {
  const place = placeOf(await setup.create());
  const opened = new Set<SessionStore>();
  const open = async () => {
    const store = await place.open();
    opened.add(store);
    checkClaims(store, setup);
    return store;
  };
  const close = async (store: SessionStore) => {
    opened.delete(store);
    await store.close();
  };
  try {
    await conformanceCase.run({ store: await open(), id: 'session-1', open, close });
    for (const store of opened) await close(store);
  } finally {
    // Where the case failed, that is the error to report.
    await Promise.allSettled(Array.from(opened, (store) => close(store)));
    await place.dispose?.();
  }
}

function placeOf(created: StoreUnderTest | SessionStore): StoreUnderTest {
  return 'open' in created ? created : { open: () => created };
}

function checkClaims(store: SessionStore, { name, capabilities }: StoreSetup): void {
  const { durable, sharedWriters, expiry } = capabilities;
  for (const [claim, claimed] of Object.entries({ durable, sharedWriters, expiry })) {
    const ofStore: unknown = Reflect.get(store.capabilities, claim);
    if (ofStore === claimed) continue;
    throw new TypeError(
      `The set-up of ${name} claims ${claim}: ${claimed}, its store ${String(ofStore)}. Make them agree.`,
    );
  }
}
