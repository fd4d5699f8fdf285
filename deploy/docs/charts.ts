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

/** Wall time of an edit less its model, and of decoding and encoding the file once, from the last bench. */
export function speedChart(): string {
  const bars = kinds.flatMap((kind) =>
    [
      { way: 'floor, warm', label: `${kind}: decode and encode`, isOurs: false },
      { way: 'edit, warm', label: 'edit', isOurs: true },
    ].map(({ way, ...bar }) => {
      const ms = Number(row(kind, way)[2]);
      return { ...bar, value: ms, text: `${ms} ms` };
    }),
  );
  return barChart('One edit without its model, warm, beside what nobody can avoid', bars);
}

/** Peak memory of the same in processes of their own. */
export function memoryChart(): string {
  const bars = kinds.flatMap((kind) =>
    [
      { way: 'floor: sharp decodes and encodes', label: `${kind}: decode and encode`, isOurs: false },
      { way: 'edit, fresh process', label: 'edit', isOurs: true },
    ].map(({ way, ...bar }) => {
      const megabytes = Number(row(kind, way)[6]);
      return { ...bar, value: megabytes, text: `${megabytes} MB` };
    }),
  );
  return barChart('Peak memory of one process', bars);
}
