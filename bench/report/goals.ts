import { agentsSession, bareJson, ours, pythonCommands } from '../peers/catalogue.ts';
import { clientAddItems, clientCommit } from '../workloads/client-cpu.ts';
import { realItem } from '../workloads/real-items.ts';
import { importRatio, ownBundle } from '../workloads/start-up.ts';
import { cachedSession } from '../workloads/turns.ts';
import { figureOf, type Goal, type Results, type Row } from './results.ts';

type Measured = Omit<Results, 'goals'>;

/** What we want to reach, as ratios of one run, and whether this run did. */
export function goalsOf(results: Measured): Goal[] {
  const { rows, startUp, guarantees, realItems } = results;
  const at = (work: string, peer: string, inFlight: number) => rowOf(rows, work, peer, inFlight);
  const client = (what: string) => figureOf(guarantees, `${what}: × bare`);
  const goals = [
    atMost(
      0.2,
      'import core, adapter and driver, added to a program that has the SDK and redis, against importing redis',
      figureOf(startUp, importRatio),
    ),
    atMost(
      110,
      'adapter and driver bundled, without SDK and redis, in kB',
      figureOf(startUp, ownBundle),
    ),
    atMost(2, 'CPU of the client, a commit, against bare JSON.ARRAPPEND', client(clientCommit), [
      'It has a fingerprint, an id and a deadline, and its arguments are checked.',
    ]),
    atMost(3, 'the same, addItems of one item', client(clientAddItems)),
    atMost(
      1.3,
      'getItems() of 10,000, p50, against the store beneath',
      at('all of 10000', agentsSession, 1).p50Us / at('all of 10000', ours, 1).p50Us,
    ),
    atMost(
      5,
      'server time of a commit with an operation id, 64 in flight, against bare JSON.ARRAPPEND',
      Number(at('append 1', ours, 64).commandUs) / Number(at('append 1', bareJson, 64).commandUs),
      [
        'It looks before it writes, remembers the operation, counts and moves the expiry; nearly half is Lua itself.',
      ],
    ),
    atLeast(
      1.5,
      'appends a second, 64 in flight, against the commands of the Python class',
      at('append 1', ours, 64).perSecond / at('append 1', pythonCommands, 64).perSecond,
      [
        'The server is the limit, and five bare commands take less of its time than a script that looks, remembers and counts.',
      ],
    ),
    atMost(
      1.9,
      'memory of an item like real ones, against its JSON',
      figureOf(realItems, `${realItem}: memory against its JSON`),
    ),
    shareOfTurn(results),
  ];
  // A run may be older than a goal.
  return goals.filter(({ measured }) => !Number.isNaN(measured));
}

/** What is ours to make quicker: the SDK compares every item of a history at each turn. */
function shareOfTurn({ turns }: Measured): Goal {
  const longest = Math.max(...turns.map(({ length }) => length));
  const row = turns.find(({ peer, length }) => peer === cachedSession && length === longest);
  return atMost(
    0.05,
    `the share of the session in a turn of the Runner at ${longest.toLocaleString('en')} messages, cached`,
    row ? row.sessionP50Us / row.p50Us : Number.NaN,
  );
}

/** @param why - what stands in the way where it is not met */
function atMost(limit: number, work: string, measured: number, why: readonly string[] = []): Goal {
  return goal(`≤ ${limit}`, work, measured, measured <= limit, why);
}

function atLeast(limit: number, work: string, measured: number, why: readonly string[] = []): Goal {
  return goal(`≥ ${limit}`, work, measured, measured >= limit, why);
}

function goal(
  text: string,
  work: string,
  measured: number,
  isMet: boolean,
  why: readonly string[],
): Goal {
  return { work, goal: text, measured, isMet, why: isMet ? '' : why.join(' ') };
}

function rowOf(rows: readonly Row[], work: string, peer: string, inFlight: number): Row {
  const found = rows.find(
    (row) => row.work === work && row.peer === peer && row.inFlight === inFlight,
  );
  if (found) return found;
  throw new TypeError(`Nobody has measured ${work} of ${peer}.`);
}
