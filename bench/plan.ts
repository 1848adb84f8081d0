import type { Operation } from './peers/peer.ts';
import type { Workload } from './workloads/operations.ts';

/** How much is measured, and how often. */
export interface Plan {
  readonly rows: readonly Workload[];
  readonly growth: readonly Workload[];
  /** Where Redis is not next door. */
  readonly distant: readonly Workload[];
  readonly turns: { readonly lengths: readonly number[]; turnsAt(length: number): number };
  readonly memoryCharacters: readonly number[];
  readonly longLengths: readonly number[];
  readonly guarantees: { readonly rounds: number; readonly times: number };
  readonly startUpRounds: number;
  readonly transcripts: number;
}

/** How often with one conversation, and with 64 at once; not with these where it is left out. */
interface Often {
  readonly warmUps: number;
  readonly rounds: number;
  readonly times: number;
  readonly manyRounds?: number;
  readonly manyTimes?: number;
}

/** Messages that a conversation has when something is added to it. */
const usualLength = 50;

function workloads(plan: Readonly<Record<string, Often>>): Workload[] {
  return Object.entries(plan).flatMap(([name, often]) => {
    const [kind = '', messages = ''] = name.split(' ');
    const length = Number(/ of (\d+)$/.exec(name)?.[1] ?? usualLength);
    const workload = { name, operation: operationOf(kind, Number(messages)), length };
    const { warmUps, rounds, times, manyRounds = 0, manyTimes = 0 } = often;
    const one = { ...workload, inFlight: 1, warmUps, rounds, times };
    const many = { ...workload, inFlight: 64, warmUps: 0, rounds: manyRounds, times: manyTimes };
    return manyRounds > 0 ? [one, many] : [one];
  });
}

function operationOf(kind: string, messages: number): Operation {
  if (kind === 'append' || kind === 'last') return { kind, messages };
  return { kind: 'all', messages: 0 };
}

function growing(lengths: readonly number[], rounds: number, times: number): Workload[] {
  return lengths.map((length) => ({
    name: `append 1 at ${length}`,
    operation: { kind: 'append', messages: 1 },
    length,
    inFlight: 1,
    warmUps: 0,
    rounds,
    times,
  }));
}

export const quickPlan: Plan = {
  rows: workloads({
    'append 1': { warmUps: 200, rounds: 8, times: 20, manyRounds: 1, manyTimes: 10 },
    'append 10': { warmUps: 10, rounds: 3, times: 8, manyRounds: 1, manyTimes: 1 },
    'last 50 of 1000': { warmUps: 50, rounds: 4, times: 10, manyRounds: 1, manyTimes: 2 },
    'last 50 of 10000': { warmUps: 2, rounds: 3, times: 8 },
    'all of 1000': { warmUps: 20, rounds: 4, times: 5, manyRounds: 1, manyTimes: 1 },
    'all of 10000': { warmUps: 0, rounds: 2, times: 1 },
  }),
  growth: growing([10, 10_000], 1, 4),
  distant: workloads({ 'append 1': { warmUps: 5, rounds: 1, times: 10 } }),
  turns: { lengths: [10, 10_000], turnsAt: (length) => (length > 1000 ? 1 : 5) },
  memoryCharacters: [100, 500, 4000],
  longLengths: [10, 1000, 10_000, 100_000],
  guarantees: { rounds: 15, times: 10 },
  startUpRounds: 1,
  transcripts: 20,
};

export const fullPlan: Plan = {
  rows: workloads({
    'append 1': { warmUps: 3000, rounds: 40, times: 20, manyRounds: 8, manyTimes: 10 },
    'append 10': { warmUps: 100, rounds: 15, times: 10, manyRounds: 3, manyTimes: 2 },
    'last 50 of 1000': { warmUps: 1500, rounds: 15, times: 20, manyRounds: 3, manyTimes: 4 },
    'last 50 of 10000': { warmUps: 10, rounds: 15, times: 10, manyRounds: 1, manyTimes: 1 },
    'all of 1000': { warmUps: 100, rounds: 12, times: 8, manyRounds: 3, manyTimes: 1 },
    'all of 10000': { warmUps: 3, rounds: 10, times: 1, manyRounds: 1, manyTimes: 1 },
  }),
  growth: growing([10, 100, 1000, 10_000], 5, 5),
  distant: workloads({
    'append 1': { warmUps: 100, rounds: 10, times: 20 },
    'append 10': { warmUps: 20, rounds: 4, times: 5 },
  }),
  turns: {
    lengths: [10, 100, 1000, 10_000],
    turnsAt: (length) => (length > 1000 ? 7 : 40),
  },
  memoryCharacters: [100, 500, 4000],
  longLengths: [10, 1000, 10_000, 100_000],
  guarantees: { rounds: 40, times: 20 },
  startUpRounds: 10,
  transcripts: 200,
};
