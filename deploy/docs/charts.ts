import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownModels } from '../../lib/engines/known-models.ts';
import { barChart } from './bar-chart.ts';

/** USD of 1,000 edits of one call at 1K, of models that Google still serves to everybody. */
export function costsChart(): string {
  const bars = Object.entries(knownModels).flatMap(([label, { apis, usdPerImage, state }]) => {
    const usd = usdPerImage?.['1K'];
    if (!apis.includes('gemini') || usd === undefined || state === 'retired') return [];
    return [{ label, value: usd, text: `${(1000 * usd).toFixed(1)} USD` }];
  });
  const embedded = { label: 'patchmatch, onnx', value: 0, text: '0 USD', isOurs: true };
  return barChart('1,000 edits of one call at 1K, list price', [embedded, ...bars]);
}

/** The cells of a row of a table below a heading of docs/benchmarks.md. */
function row(heading: string, name: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs/benchmarks.md'), 'utf8');
  const [, section = ''] = text.split(`\n### ${heading}\n`);
  const line = section.split('\n').find((one) => one.startsWith(`| ${name} `));
  if (line === undefined) throw new Error(`Expected a row "${name}" below "${heading}", found none`);
  return line.split('|').map((cell) => cell.trim());
}

const kinds = ['24 MP jpeg', '24 MP png', '102 MP jpeg', '102 MP png'];

/** A column of docs/benchmarks.md for the floor and for the edit, of each kind of file. */
function besideFloor(floor: string, edit: string, column: number, unit: string) {
  const bars = (kind: string) => [
    { way: floor, label: `${kind}: decode and encode`, isOurs: false },
    { way: edit, label: 'edit', isOurs: true },
  ];
  return kinds.flatMap((kind) =>
    bars(kind).map(({ way, ...bar }) => {
      const value = Number(row(kind, way)[column]);
      return { ...bar, value, text: `${value} ${unit}` };
    }),
  );
}

/** Wall time of an edit less its model, and of decoding and encoding the file once, from the last bench. */
export const speedChart = (): string =>
  barChart(
    'One edit without its model, warm, beside what nobody can avoid',
    besideFloor('floor, warm', 'edit, warm', 2, 'ms'),
  );

/** Peak memory of the same in processes of their own. */
export const memoryChart = (): string =>
  barChart(
    'Peak memory of one process',
    besideFloor('floor: sharp decodes and encodes', 'edit, fresh process', 6, 'MB'),
  );
