import { ours } from '../peers/catalogue.ts';
import { headline, rowsOf, timeOf } from './headline.ts';
import type { Figure, Goal, MemoryRow, Results, Row, TurnRow } from './results.ts';

/** All tables of a run, as Markdown. */
export function tablesOf(results: Results): string {
  return [
    heading(results),
    '## Goals\n',
    goalsTable(results.goals),
    '## The same work, side by side\n',
    sideBySideNote,
    ...unique(results.rows.map(({ work }) => work)).map((work) => workTables(results, work)),
    '## The same where Redis is not next door\n',
    distantNote,
    distantTable(results.distant),
    '## How an append grows with the length of the history\n',
    growthTable(results.growth),
    '## A turn of the SDK’s Runner\n',
    turnsNote,
    turnsTable(results.turns),
    '## Memory of the server for a message\n',
    memoryTable(results.memory),
    ...sectionOf('## Items like real ones\n', realItemsNote, results.realItems),
    '## Long sessions\n',
    lengthsTable(results.long),
    '## The price of guarantees\n',
    figuresTable(results.guarantees),
    '## Start-up\n',
    figuresTable(results.startUp),
    '## Who takes part\n',
    peersTable(results),
  ].join('\n');
}

/** How much longer the others take, for the first page. */
export function headlineTable(results: Results): string {
  const columns = headline.map((part) => rowsOf(results, part));
  return table(
    ['', ...headline.map(({ title }) => title)],
    results.peers.map(({ name }) => [
      name === ours ? `**${name}**` : name,
      ...columns.map((rows) => {
        const [row, base] = [name, ours].map((peer) => rows.find((each) => each.peer === peer));
        if (!row || !base) return '';
        const ratio = row.p50Us / base.p50Us;
        return name === ours ? timeOf(row) : `× ${ratio.toFixed(ratio < 10 ? 2 : 0)}`;
      }),
    ]),
  );
}

function goalsTable(goals: readonly Goal[]): string {
  return table(
    ['work', 'goal', 'measured', ''],
    goals.map(({ work, goal, measured, isMet, why }) => [
      work,
      goal,
      measured.toFixed(2),
      isMet ? 'met' : `not met. ${why}`.trimEnd(),
    ]),
  );
}

/** One line that says where the figures come from. */
export function sourceOf({ date, machine, versions, quick, seconds }: Results): string {
  const { node = '', Redis: redis = '', RedisJSON: json = '' } = versions;
  return `Printed by \`npm run bench${quick ? ' -- --quick' : ''}\` on ${date.slice(0, 10)} in ${seconds} s, on ${machine.cores} cores (${machine.cpu}, ${machine.os}), with Node ${node}, Redis ${redis} and RedisJSON ${json} on the same machine, ${machine.placement}.`;
}

function heading(results: Results): string {
  const others = Object.entries(results.versions)
    .filter(([name]) => !['node', 'Redis', 'RedisJSON'].includes(name))
    .map(([name, version]) => `${name} ${version}`);
  return `# What it costs\n\n${sourceOf(results)} Further versions: ${others.join(', ')}.\n`;
}

const sideBySideNote = `Times in µs. Conversations of 50 messages where something is added, of 500 characters each, with a
token count and a TTL of a day where a peer can have them. *server* is the time in commands by \`INFO commandstats\`,
*CPU* that of the server's main thread with all it does; bytes are those on the wire for one operation. Every peer
ran in turn, round by round, and what it wrote was read back. Ratios are against the row in bold.
`;

const distantNote = `Everything is a millisecond longer on its way, there as well as back; one conversation at a time. Times in ms.
`;

const turnsNote = `One turn is one run with a model that answers at once: the SDK reads the history and adds two items. *session* is
the part of it that is spent in the session, *server* the time in commands of the server.
`;

const realItemsNote = `Conversations at the desk of an airline, made up: short questions, answers, tool calls with small
arguments, results of some hundred characters. Every transcript is read back and compared, key order included.
`;

/** None where a run has none: the published one may be older than the section. */
function sectionOf(title: string, note: string, figures: readonly Figure[]): string[] {
  return figures.length === 0 ? [] : [title, note, figuresTable(figures)];
}

function workTables({ rows }: Results, work: string): string {
  const flights = unique(rows.filter((row) => row.work === work).map(({ inFlight }) => inFlight));
  return flights
    .map((inFlight) => {
      const own = rows.filter((row) => row.work === work && row.inFlight === inFlight);
      return `### ${titleOf(work)}, ${inFlight} in flight\n\n${rowsTable(own)}`;
    })
    .join('\n');
}

function titleOf(work: string): string {
  const [kind = '', count = ''] = work.split(' ');
  const of = / of (\d+)$/.exec(work)?.[1];
  if (kind === 'append') return count === '1' ? 'Add one message' : `Add ${count} messages`;
  const all = of === undefined ? '' : ` of ${thousands(Number(of))}`;
  return kind === 'last' ? `Read the last ${count}${all}` : `Read all${all}`;
}

function rowsTable(rows: readonly Row[]): string {
  const base = rows.find(({ peer }) => peer === ours);
  const isMany = (base?.inFlight ?? 1) > 1;
  // What is many at once is a matter of throughput.
  const factor = (row: Row) =>
    isMany
      ? row.perSecond / (base?.perSecond ?? Number.NaN)
      : row.p50Us / (base?.p50Us ?? Number.NaN);
  return table(
    [
      '',
      'p50',
      'p99',
      'a second',
      isMany ? 'throughput ×' : 'p50 ×',
      'server',
      'CPU',
      'bytes sent',
      'received',
    ],
    rows.map((row) => [
      row.peer === ours ? `**${row.peer}**` : row.peer,
      micro(row.p50Us),
      micro(row.p99Us),
      thousands(row.perSecond),
      factor(row).toFixed(2),
      row.commandUs === null ? '' : micro(row.commandUs),
      row.cpuUs === null ? '' : micro(row.cpuUs),
      row.sentBytes === null ? '' : thousands(row.sentBytes),
      row.receivedBytes === null ? '' : thousands(row.receivedBytes),
    ]),
  );
}

function distantTable(rows: readonly Row[]): string {
  const works = unique(rows.map(({ work }) => work));
  return table(
    ['', ...works.map(titleOf)],
    unique(rows.map(({ peer }) => peer)).map((peer) => [
      peer,
      ...works.map((work) => {
        const p50Us = rows.find((row) => row.peer === peer && row.work === work)?.p50Us;
        return p50Us === undefined ? '' : milli(p50Us);
      }),
    ]),
  );
}

function growthTable(rows: readonly Row[]): string {
  const works = unique(rows.map(({ work }) => work));
  const lengths = works.map((work) => thousands(Number(work.split(' ').at(-1))));
  const cell = (peer: string, work: string, of: (row: Row) => number | null): string => {
    const row = rows.find((each) => each.peer === peer && each.work === work);
    const value = row && of(row);
    return value === undefined || value === null ? '' : micro(value);
  };
  return table(
    [
      '',
      ...lengths.map((length) => `p50 at ${length}`),
      ...lengths.map((length) => `server at ${length}`),
    ],
    unique(rows.map(({ peer }) => peer)).map((peer) => [
      peer,
      ...works.map((work) => cell(peer, work, ({ p50Us }) => p50Us)),
      ...works.map((work) => cell(peer, work, ({ commandUs }) => commandUs)),
    ]),
  );
}

function turnsTable(rows: readonly TurnRow[]): string {
  const lengths = unique(rows.map(({ length }) => length));
  const cells = (peer: string) =>
    lengths.flatMap((length) => {
      const row = rows.find((each) => each.peer === peer && each.length === length);
      if (!row) return ['', '', '', ''];
      return [
        milli(row.p50Us),
        milli(row.sessionP50Us),
        row.serverUs === null ? '' : milli(row.serverUs),
        row.receivedBytes === null ? '' : thousands(row.receivedBytes),
      ];
    });
  return table(
    [
      '',
      ...lengths.flatMap((length) => [
        `at ${thousands(length)}: turn`,
        'session',
        'server',
        'bytes received',
      ]),
    ],
    unique(rows.map(({ peer }) => peer)).map((peer) => [peer, ...cells(peer)]),
    'Times in ms.',
  );
}

function memoryTable(rows: readonly MemoryRow[]): string {
  const sizes = unique(rows.map(({ characters }) => characters));
  return table(
    ['', ...sizes.map((size) => `${thousands(size)} characters`)],
    unique(rows.map(({ peer }) => peer)).map((peer) => [
      peer,
      ...sizes.map((size) => {
        const row = rows.find((each) => each.peer === peer && each.characters === size);
        if (!row) return '';
        const { bytesPerMessage, jsonBytes } = row;
        return `${thousands(bytesPerMessage)} (× ${(bytesPerMessage / jsonBytes).toFixed(2)})`;
      }),
    ]),
    'In bytes by `MEMORY USAGE`, and against the JSON text of the message as the peer was given it.',
  );
}

/** Figures that are of a length, by length. */
function lengthsTable(figures: readonly Figure[]): string {
  const parts = figures.map(({ what, value, unit }) => {
    const [name = '', length = ''] = what.split(', at ');
    return { name, length: Number(length), text: `${value.toFixed(2)} ${unit}` };
  });
  const lengths = unique(parts.map(({ length }) => length));
  return table(
    ['', ...lengths.map((length) => `at ${thousands(length)}`)],
    unique(parts.map(({ name }) => name)).map((name) => [
      name,
      ...lengths.map(
        (length) => parts.find((each) => each.name === name && each.length === length)?.text ?? '',
      ),
    ]),
  );
}

/** Figures of one thing, by what was measured of it. */
function figuresTable(figures: readonly Figure[]): string {
  const parts = figures.map(({ what, value, unit }) => {
    const [name = '', of = ''] = what.split(': ');
    return { name, of, text: `${value.toFixed(1)} ${unit}` };
  });
  const columns = unique(parts.map(({ of }) => of));
  return table(
    ['', ...columns],
    unique(parts.map(({ name }) => name)).map((name) => [
      name,
      ...columns.map(
        (of) => parts.find((each) => each.name === name && each.of === of)?.text ?? '',
      ),
    ]),
  );
}

function peersTable({ peers, absent }: Results): string {
  const missing = absent.map(({ name, reason }) => `\nNot here: ${name}, because ${reason}.\n`);
  return (
    table(
      ['', 'what it is'],
      peers.map(({ name, about }) => [name, about]),
    ) + missing.join('')
  );
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  caption?: string,
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${head.map((_, index) => (index === 0 ? '---|' : '---:|')).join('')}`;
  const text = [line(head), rule, ...rows.map(line)].join('\n');
  return `${caption === undefined ? '' : `${caption}\n\n`}${text}\n`;
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}

function micro(us: number): string {
  return us < 100 ? us.toFixed(1) : thousands(us);
}

function milli(us: number): string {
  return (us / 1000).toFixed(us < 10_000 ? 2 : 1);
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en');
}
