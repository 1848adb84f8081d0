import { prismaSession } from '../peers/catalogue.ts';
import { bareAppend, commit } from '../workloads/guarantees.ts';
import { cachedSession } from '../workloads/turns.ts';
import { figureOf, type Results } from './results.ts';

/**
 * What has become much worse than it ever was, however noisy the machine: for CI. The commands and
 * bytes of a commit are counted in tests; here is what only time shows, with wide margins.
 */
export function regressionsOf({ absent, guarantees, long, turns }: Results): string[] {
  // PostgreSQL is not ours to install.
  const missing = absent.filter(({ name }) => name !== prismaSession);
  const problems = missing.map(({ name, reason }) => `${name} is not here: ${reason}`);
  const server = (what: string) => figureOf(guarantees, `${what}: server`);
  const factor = server(commit) / server(bareAppend);
  if (!(factor <= 15)) {
    problems.push(`A commit takes the server ${factor.toFixed(1)} times a bare JSON.ARRAPPEND.`);
  }

  const append = (length: number) => figureOf(long, `add one message, at ${length}`);
  const growth = append(100_000) / append(10);
  if (!(growth <= 3)) {
    problems.push(`An append at 100,000 messages takes ${growth.toFixed(1)} times one at 10.`);
  }

  const bytes = turns
    .filter(({ peer }) => peer === cachedSession)
    .map(({ receivedBytes }) => receivedBytes ?? Number.NaN);
  if (!(Math.max(...bytes) <= 2 * Math.min(...bytes))) {
    problems.push(
      `A cached turn asks for more where history is longer: ${bytes.join(', ')} bytes.`,
    );
  }
  return problems;
}
