import type { Begun, Ended, Entry } from './journal.ts';

/** What Redis holds, held against what was acknowledged. */
export interface Verdict {
  readonly acknowledged: number;
  /** Refused as a conflict, which is what they asked for. */
  readonly refused: number;
  /** Acknowledged as repeated: an answer had been lost. */
  readonly repeated: number;
  /** Acknowledged commits of which something is missing. */
  readonly lost: number;
  /** Messages that are there twice, or there although their removal was acknowledged. */
  readonly doubled: number;
  /** Neighbours that stand the wrong way round, and commits that overtook one of their own client. */
  readonly outOfOrder: number;
  /** What else does not fit together, in words: answers, and messages that nobody acknowledged. */
  readonly contradictions: readonly string[];
  readonly isGood: boolean;
}

/** An operation of which it is known what became of it. */
interface Commit extends Omit<Begun, 'kind'>, Omit<Ended, 'kind' | 'operationId' | 'mark'> {
  readonly client: number;
  readonly mark: NonNullable<Ended['mark']>;
}

/**
 * @param journals - one for each client
 * @param histories - for each session the names of its messages
 * @param lost - operations that are known to be lost: the rest must be as if they had never been
 */
export function judge(
  journals: readonly (readonly Entry[])[],
  histories: ReadonlyMap<string, readonly string[]>,
  lost: ReadonlySet<string> = new Set(),
): Verdict {
  const contradictions: string[] = [];
  const ends = journals.flat().filter((entry) => entry.kind === 'ended');
  const commits = journals.flatMap((entries, client) => commitsOf(entries, client, contradictions));
  const kept = commits.filter(({ operationId }) => !lost.has(operationId));

  const missing = new Set(lost);
  let doubled = 0;
  let outOfOrder = 0;
  for (const [session, history] of histories) {
    // Length grows within a generation, and a generation is a moment: they are the order of commits.
    const inOrder = kept
      .filter((commit) => commit.session === session)
      .toSorted((one, other) => {
        const { mark } = other;
        return one.mark.generation - mark.generation || one.mark.length - mark.length;
      });
    const ranks = new Map(
      inOrder.flatMap(({ append }) => append).map((name, rank) => [name, rank] as const),
    );
    const origin = new Map(
      inOrder.flatMap(({ append, operationId }) => append.map((name) => [name, operationId])),
    );
    const answers = [...inOrder.map(({ dropped }) => dropped), history];
    const found = answers.flat();
    for (const [name, count] of countsOf(found, ranks.keys())) {
      const operationId = origin.get(name);
      if (operationId === undefined) {
        contradictions.push(`${session} has ${name}, which nobody was told that it was added`);
      } else if (count === 0) missing.add(operationId);
      else doubled += count - 1;
    }
    outOfOrder += overtaken(inOrder);
    for (const answer of answers) outOfOrder += inverted(answer, ranks);
    contradictions.push(...replay(session, inOrder, history));
  }

  const acknowledged = ends.filter(({ refused }) => !refused);
  return {
    acknowledged: acknowledged.length,
    refused: ends.length - acknowledged.length,
    repeated: acknowledged.filter(({ repeated }) => repeated).length,
    lost: missing.size,
    doubled,
    outOfOrder,
    contradictions,
    isGood: missing.size + doubled + outOfOrder + contradictions.length === 0,
  };
}

/** The commits that changed something; it is a contradiction if the outcome of one is not known. */
function commitsOf(entries: readonly Entry[], client: number, contradictions: string[]): Commit[] {
  const ends = new Map<string, Ended>();
  for (const entry of entries) if (entry.kind === 'ended') ends.set(entry.operationId, entry);
  return entries.flatMap((begun) => {
    if (begun.kind === 'ended') return [];
    const end = ends.get(begun.operationId);
    if (!end) contradictions.push(`what became of ${begun.operationId} is not known`);
    if (!end?.mark || end.refused) return [];
    if (begun.append.length + end.dropped.length === 0) return [];
    return [{ ...begun, ...end, mark: end.mark, client }];
  });
}

function countsOf(found: readonly string[], expected: Iterable<string>): Map<string, number> {
  const counts = new Map(Array.from(expected, (name) => [name, 0]));
  for (const name of found) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** How many commits come before an earlier one of the same client. */
function overtaken(inOrder: readonly Commit[]): number {
  const latest = new Map<number, number>();
  return inOrder.filter(({ client, number }) => {
    const before = latest.get(client) ?? -1;
    latest.set(client, Math.max(before, number));
    return number < before;
  }).length;
}

function inverted(names: readonly string[], ranks: ReadonlyMap<string, number>): number {
  const known = names.flatMap((name) => ranks.get(name) ?? []);
  return known.filter((rank, index) => index > 0 && rank < (known[index - 1] ?? rank)).length;
}

/** Does all again, in order, and says where an answer or the end is another than the real one. */
function replay(
  session: string,
  inOrder: readonly Commit[],
  history: readonly string[],
): readonly string[] {
  const contradictions: string[] = [];
  let state: string[] = [];
  for (const { operationId, drop, append, dropped, expect, mark } of inOrder) {
    const count = drop === 'all' ? state.length : Math.min(drop, state.length);
    const from = state.length - count;
    if (expect && expect.length !== state.length) {
      contradictions.push(`${operationId} expected ${expect.length} messages in ${session}`);
    }
    if (!isSame(state.slice(from), dropped)) {
      contradictions.push(`${operationId} was answered another tail of ${session}`);
    }
    state = [...state.slice(0, from), ...append];
    if (state.length !== mark.length) {
      contradictions.push(`${operationId} was answered another length of ${session}`);
      // So that one deviation does not make all that follow look wrong.
      break;
    }
  }
  if (contradictions.length === 0 && !isSame(state, history)) {
    contradictions.push(`${session} holds another history than what was acknowledged makes`);
  }
  return contradictions;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
