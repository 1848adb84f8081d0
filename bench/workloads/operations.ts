import assert from 'node:assert/strict';

import type { ServerCost } from '../measure/server-meter.ts';
import { quantile, sum } from '../measure/statistics.ts';
import type { Bench, Participant } from '../participants.ts';
import { ping } from '../peers/catalogue.ts';
import { messagesOf } from '../peers/messages.ts';
import type { Operation, Peer, Session, Timing } from '../peers/peer.ts';
import type { Row } from '../report/results.ts';

/** An operation to compare the peers at. */
export interface Workload {
  readonly name: string;
  readonly operation: Operation;
  /** Messages of the conversations before it. */
  readonly length: number;
  /** How many conversations at once. */
  readonly inFlight: number;
  /** How many rounds, and how many operations of each conversation in a round. */
  readonly rounds: number;
  readonly times: number;
  /** How many operations before it, which are not timed: until its code is compiled. */
  readonly warmUps: number;
}

/** What one peer has come to. */
interface Tally {
  readonly participant: Participant;
  readonly timings: Timing[];
  readonly costs: ServerCost[];
}

/**
 * Runs a workload on all peers, round by round, each round in another order: noise hits all alike.
 *
 * @param toRead - conversations that are only read, by peer and length: made where they are missing
 */
export async function compare(
  bench: Bench,
  workload: Workload,
  participants: readonly Participant[],
  toRead: Map<string, Session>,
): Promise<Row[]> {
  const tallies: Tally[] = participants.map((participant) => ({
    participant,
    timings: [],
    costs: [],
  }));
  const isReading = workload.operation.kind !== 'append';
  const known = ({ name }: Participant) =>
    isReading ? toRead.get(`${name} ${workload.length}`) : undefined;
  if (isReading) await makeMissing(bench, workload, participants, toRead);
  for (const participant of participants) {
    for (let done = 0; done < workload.warmUps; done += workload.times) {
      const { peer } = participant;
      const session = known(participant) ?? (await newSession(bench, workload, peer));
      await peer.run({ ...workload, sessions: [session] });
    }
  }
  for (let round = 0; round < workload.rounds; round += 1) {
    const from = round % tallies.length;
    for (const tally of [...tallies.slice(from), ...tallies.slice(0, from)]) {
      await runRound(bench, workload, tally, known(tally.participant), round);
    }
  }
  return tallies.map((tally) => rowOf(workload, tally));
}

async function runRound(
  bench: Bench,
  workload: Workload,
  { participant, timings, costs }: Tally,
  toRead: Session | undefined,
  round: number,
): Promise<void> {
  const { name, peer, meter } = participant;
  const sessions = toRead
    ? Array.from({ length: workload.inFlight }, () => toRead)
    : await Promise.all(
        Array.from({ length: workload.inFlight }, () => newSession(bench, workload, peer)),
      );
  const run = () => peer.run({ ...workload, sessions });
  if (meter) {
    const { result, cost } = await meter.measure(run);
    timings.push(result);
    costs.push(cost);
  } else timings.push(await run());
  if (workload.operation.kind !== 'append' || name === ping) return;

  // Whoever loses or doubles something is not in the comparison.
  const checked = round === workload.rounds - 1 ? sessions : sessions.slice(0, 1);
  const added = workload.times * workload.operation.messages;
  for (const { id, length } of checked) await check(participant, id, length + added);
}

/** What is only read is made once, and is checked before it is timed. */
async function makeMissing(
  bench: Bench,
  workload: Workload,
  participants: readonly Participant[],
  toRead: Map<string, Session>,
): Promise<void> {
  for (const participant of participants) {
    const place = `${participant.name} ${workload.length}`;
    if (toRead.has(place)) continue;
    const session = await newSession(bench, workload, participant.peer);
    await check(participant, session.id, session.length);
    toRead.set(place, session);
  }
}

async function newSession(bench: Bench, { length }: Workload, peer: Peer): Promise<Session> {
  const id = bench.newSession();
  await peer.fill(id, { length });
  return { id, length };
}

async function check({ name, peer }: Participant, id: string, length: number): Promise<void> {
  const expected = messagesOf(0, length).map(({ content }) => content);
  assert.deepEqual(await peer.contents(id), expected, `${name} has not kept what was said`);
}

function rowOf(workload: Workload, { participant, timings, costs }: Tally): Row {
  const latenciesUs = timings.flatMap(({ latenciesMs }) => latenciesMs).map((ms) => ms * 1000);
  const operations = latenciesUs.length;
  const perOperation = (of: keyof ServerCost) =>
    participant.meter ? sum(costs.map((cost) => cost[of])) / operations : null;
  return {
    work: workload.name,
    peer: participant.name,
    inFlight: workload.inFlight,
    operations,
    p50Us: quantile(latenciesUs, 0.5),
    p99Us: quantile(latenciesUs, 0.99),
    perSecond: operations / (sum(timings.map(({ totalMs }) => totalMs)) / 1000),
    commandUs: perOperation('commandUs'),
    cpuUs: perOperation('cpuUs'),
    sentBytes: perOperation('receivedBytes'),
    receivedBytes: perOperation('sentBytes'),
  };
}
