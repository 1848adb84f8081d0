import { parse, type Spec, View } from 'vega';

import { headline, rowsOf, timeOf } from './headline.ts';
import type { Results } from './results.ts';

const colors = { ours: '#b91c1c', others: '#64748b', floor: '#cbd5e1' };

/** The picture of a run, as SVG: a bar for each peer, on a scale of factors of ten. */
export async function chartOf(results: Results): Promise<string> {
  const svg = await new View(parse(specOf(results)), { renderer: 'none' }).toSVG();
  return `${svg}\n`;
}

function specOf(results: Results): Spec {
  const groupOf = new Map(results.peers.map(({ name, group }) => [name, group]));
  const bars = headline.flatMap((part) =>
    rowsOf(results, part).map((row) => ({
      title: part.title,
      peer: row.peer,
      us: row.p50Us,
      group: groupOf.get(row.peer) ?? 'others',
      label: timeOf(row),
    })),
  );
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    background: 'white',
    padding: 8,
    title: {
      text: 'Median time, one conversation at a time: less is better (logarithmic)',
      anchor: 'start',
    },
    data: [{ name: 'bars', values: bars }],
    scales: [
      {
        name: 'color',
        type: 'ordinal',
        domain: Object.keys(colors),
        range: Object.values(colors),
      },
    ],
    layout: {
      columns: 1,
      padding: 24,
      bounds: 'full',
      align: { row: 'each', column: 'all' },
    },
    marks: headline.map(({ title }, index) => ({
      type: 'group',
      title: { text: title, anchor: 'start', fontSize: 12 },
      encode: { enter: { width: { value: 560 }, height: { value: heightOf(bars, title) } } },
      data: [
        {
          name: `bars${index}`,
          source: 'bars',
          transform: [
            { type: 'filter', expr: `datum.title === ${JSON.stringify(title)}` },
            { type: 'collect', sort: { field: 'us' } },
          ],
        },
      ],
      scales: [
        {
          name: 'x',
          type: 'log',
          domain: { data: `bars${index}`, field: 'us' },
          range: [30, 560],
          nice: true,
        },
        {
          name: 'y',
          type: 'band',
          domain: { data: `bars${index}`, field: 'peer' },
          range: [0, heightOf(bars, title)],
          padding: 0.2,
        },
      ],
      axes: [{ orient: 'left', scale: 'y', ticks: false, domain: false, labelLimit: 250 }],
      marks: [
        {
          type: 'rect',
          from: { data: `bars${index}` },
          encode: {
            enter: {
              x: { value: 0 },
              x2: { scale: 'x', field: 'us' },
              y: { scale: 'y', field: 'peer' },
              height: { scale: 'y', band: 1 },
              fill: { scale: 'color', field: 'group' },
            },
          },
        },
        {
          type: 'text',
          from: { data: `bars${index}` },
          encode: {
            enter: {
              x: { scale: 'x', field: 'us', offset: 4 },
              y: { scale: 'y', field: 'peer', band: 0.5 },
              baseline: { value: 'middle' },
              text: { field: 'label' },
            },
          },
        },
      ],
    })),
    legends: [{ fill: 'color', orient: 'bottom', direction: 'horizontal' }],
  };
}

function heightOf(bars: readonly { readonly title: string }[], title: string): number {
  return 16 * bars.filter((bar) => bar.title === title).length;
}
