import type { StoreSetup } from './store-setup.ts';

/** The set-up is wrong, so that no case says anything about the driver. */
export class SetupFault extends Error {
  override readonly name = 'SetupFault';

  /** Does a part of the set-up. @throws SetupFault with what it throws as its cause */
  static async in<T>(setup: StoreSetup, part: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (cause) {
      const message = `${part} of the set-up of ${setup.name} failed: ${String(cause)}`;
      throw new SetupFault(message, { cause });
    }
  }
}
