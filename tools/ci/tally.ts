import { reasonOf } from '../reason.ts';

/** Counts what passed, failed and was skipped, and says what did not pass as soon as it is known. */
export class Tally {
  passed = 0;
  readonly failed: string[] = [];
  readonly skipped: string[] = [];

  /** Counts a task as one; answers whether it passed. */
  async check(name: string, task: () => unknown): Promise<boolean> {
    try {
      await task();
    } catch (error) {
      this.fail(name, reasonOf(error));
      return false;
    }
    this.passed += 1;
    console.log(`passed: ${name}`);
    return true;
  }

  fail(name: string, reason: string): void {
    this.failed.push(name);
    console.log(`FAILED: ${name}: ${reason}`);
  }

  skip(name: string): void {
    this.skipped.push(name);
    console.log(`skipped: ${name}`);
  }

  /** Adds what another has counted, each name preceded by where it is from. */
  add(source: string, { passed, failed, skipped }: Tally): void {
    this.passed += passed;
    this.failed.push(...failed.map((name) => `${source}: ${name}`));
    this.skipped.push(...skipped.map((name) => `${source}: ${name}`));
  }

  /** The line that ends a run. */
  get summary(): string {
    const counts = `${this.passed} passed, ${this.failed.length} failed`;
    return this.skipped.length === 0 ? counts : `${counts}, ${this.skipped.length} skipped`;
  }
}
