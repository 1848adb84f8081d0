import {
  cached,
  list,
  ours,
  ping,
  pythonClass,
  pythonCommands,
  string,
} from '../peers/catalogue.ts';
import { bareAppend, commit, script } from '../workloads/guarantees.ts';
import { cachedSession, sdkAlone } from '../workloads/turns.ts';
import { figureOf, type Goal, type Results, type Row, type TurnRow } from './results.ts';

type Measured = Omit<Results, 'goals'>;

/** What we want to reach, as ratios of one run, and whether this run did. */
export function goalsOf(results: Measured): Goal[] {
  return [
    ...appendGoals(results),
    ...readGoals(results),
    ...turnGoals(results),
    ...sizeGoals(results),
  ];
}

function appendGoals(results: Measured): Goal[] {
  const { rows, guarantees } = results;
  const p50 = (peer: string) => rowOf(rows, 'append 1', peer, 1).p50Us;
  const perSecond = (peer: string) => rowOf(rows, 'append 1', peer, 64).perSecond;
  const server = (what: string) => figureOf(guarantees, `${what}: server`);
  const scriptFactor =
    figureOf(guarantees, `${script}: p50`) / figureOf(guarantees, `${ping}: p50`);
  const farAway = (peer: string) => rowOf(results.distant, 'append 1', peer, 1).p50Us;
  const farFactor = farAway(pythonCommands) / farAway(ours);
  const roundTrips = `Where Redis is next door, a round trip costs less than what a commit does. With a millisecond of way there and back, the commands take ${farFactor.toFixed(1)} times as long.`;
  const hasPython = rows.some(({ peer }) => peer === pythonClass);

  return [
    atMost(1.6, 'append one message, p50, against PING', p50(ours) / p50(ping), [
      `The script alone, with arguments made beforehand, takes ${scriptFactor.toFixed(1)} times as long as PING on this machine.`,
    ]),
    atLeast(
      3.5,
      'the same, times faster than the commands of the Python class',
      p50(pythonCommands) / p50(ours),
      [roundTrips],
    ),
    ...(hasPython
      ? [
          atLeast(
            5,
            'the same, times faster than the Python class itself',
            p50(pythonClass) / p50(ours),
            [roundTrips],
          ),
        ]
      : []),
    atLeast(
      2,
      'appends a second, 64 in flight, against the commands of the Python class',
      perSecond(ours) / perSecond(pythonCommands),
      [
        'The server is the limit, and five bare commands take less of its time than a script that looks, remembers and counts.',
      ],
    ),
    atMost(
      5,
      'server time of a commit with an operation id, against bare JSON.ARRAPPEND',
      server(commit) / server(bareAppend),
      ['Half of it is Lua: MULTI with the same writes is in the table of guarantees.'],
    ),
  ];
}

function readGoals({ rows }: Measured): Goal[] {
  const against = (work: string, peer: string) =>
    rowOf(rows, work, ours, 1).p50Us / rowOf(rows, work, peer, 1).p50Us;
  const why = [
    'The server makes JSON text of its document at each read (see bare JSON.GET); a string is there as text.',
  ];
  return [
    atMost(
      1.5,
      'the last 50 of 10,000, p50, against LRANGE and parse',
      against('last 50 of 10000', list),
      why,
    ),
    atMost(
      1.3,
      'all of 1,000, p50, against GET and parse of one string',
      against('all of 1000', string),
      why,
    ),
  ];
}

function turnGoals({ turns, rows }: Measured): Goal[] {
  const lengths = turns.map(({ length }) => length);
  const [short, long] = [Math.min(...lengths), Math.max(...lengths)];
  const growth = (peer: string, of: (row: TurnRow) => number | null) => {
    const at = (length: number) => {
      const row = turns.find((each) => each.peer === peer && each.length === length);
      return (row && of(row)) ?? Number.NaN;
    };
    return at(long) / at(short);
  };
  const server = (length: number) =>
    rowOf(rows, `last 50 of ${length}`, cached, 1).commandUs?.toFixed(0);
  const sdk = growth(sdkAlone, ({ p50Us }) => p50Us);
  return [
    atMost(
      2,
      `a Runner turn at ${long.toLocaleString('en')} messages against one at ${short}, cached`,
      growth(cachedSession, ({ p50Us }) => p50Us),
      [
        `The SDK itself compares every item of the history at each turn: on a session that does nothing, its turn takes ${sdk.toFixed(0)} times as long.`,
      ],
    ),
    atMost(
      1.5,
      'the same, time of the server',
      growth(cachedSession, ({ serverUs }) => serverUs),
      [
        `What it does hardly grows (a cached read takes it ${server(1000)} µs at 1,000 messages and ${server(10_000)} at 10,000): it does it more slowly after the time in which the SDK lets it sleep.`,
      ],
    ),
  ];
}

function sizeGoals({ long, memory }: Measured): Goal[] {
  const lengths = long.map(({ what }) => Number(/, at (\d+)$/.exec(what)?.[1] ?? 0));
  const longest = Math.max(...lengths);
  const append = (length: number) => figureOf(long, `add one message, at ${length}`);
  const paragraph = memory.find(({ peer, characters }) => peer === ours && characters === 500);
  return [
    atMost(
      1.1,
      `append at ${longest.toLocaleString('en')} messages against append at 10`,
      append(longest) / append(10),
    ),
    atMost(
      1.6,
      'memory of a message of 500 characters, against its JSON',
      paragraph ? paragraph.bytesPerMessage / paragraph.jsonBytes : Number.NaN,
    ),
  ];
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
