import { type DriftName, drifts } from './drift.ts';
import { markdownTable } from './markdown.ts';
import type { QualityReport } from './quality.ts';
import { type MethodName, methods } from './quality-methods.ts';
import type { Scores } from './quality-scores.ts';

const names = Object.keys(methods) as MethodName[];
const driftNames = Object.keys(drifts) as DriftName[];

/** What is aimed at; levels of 255, dB, runs. */
const mostSeam = 0.85;
const mostGhost = 1.4;
const leastGainDb = 6;
const mostShiftPx = 0.03;

/** All tables, as Markdown. */
export function printReport(report: QualityReport): void {
  console.log(`### Against the truth, means over the scenes\n\n${driftTable(report)}`);
  console.log(
    '\n`step`: mean absolute error of the gradient across the edge of the mask. `LF seam`: root mean square of the low-passed colour\n' +
      'error in the first 16 px inside. Levels of 255; PSNR in dB and CIEDE2000 over the whole mask.',
  );
  console.log(
    `\n### What is left of an old object that ends so many px inside the mask, levels\n\n${ghostTable(report)}`,
  );
  console.log(`\n### Registration\n\n${registrationTable(report)}`);
  console.log(
    `\n### Detail of a region of 1,900 px that the model answers at 700 px\n\n${tilesTable(report)}`,
  );
  console.log(`\n### Targets\n\n${targetTable(report)}`);
}

function driftTable(report: QualityReport): string {
  const rows = driftNames.flatMap((drift) =>
    names.map((method) => {
      const mean = (key: keyof Scores) => meanOf(report, drift, method, key).toFixed(2);
      return [drift, method, mean('step'), mean('seam'), mean('psnr'), mean('deltaE')];
    }),
  );
  return markdownTable(['drift', 'method', 'step', 'LF seam', 'PSNR', 'dE2000'], rows);
}

function meanOf({ rows }: QualityReport, drift: DriftName, method: MethodName, key: keyof Scores): number {
  const mine = rows.filter((row) => row.drift === drift && row.method === method);
  return mine.reduce((sum, { scores }) => sum + scores[key], 0) / mine.length;
}

function ghostTable({ ghosts }: QualityReport): string {
  const margins = [...new Set(ghosts.map(({ margin }) => margin))];
  const rows = names.map((name) => [
    name,
    ...margins.map((margin) =>
      ghosts.find((row) => row.margin === margin && row.method === name)!.ghost.toFixed(2),
    ),
  ]);
  return markdownTable(['method', ...margins.map((margin) => `${margin} px`)], rows);
}

function registrationTable({ shiftErrors }: QualityReport): string {
  const rows = driftNames.map((drift) => {
    const mine = shiftErrors.filter((row) => row.drift === drift);
    const frame = mine.map(({ framePx }) => framePx);
    const registered = mine.map(({ registeredPx }) => registeredPx);
    return [
      drift,
      mean(frame).toFixed(3),
      Math.max(...frame).toFixed(3),
      within(frame),
      Math.max(...registered).toFixed(3),
      within(registered),
    ];
  });
  const head = ['drift', 'mean error, px of 1024', 'largest', `within ${mostShiftPx}`];
  return markdownTable([...head, 'largest, px of the 512 it is found at', `within ${mostShiftPx}`], rows);
}

const within = (errors: readonly number[]): string =>
  `${errors.filter((px) => px <= mostShiftPx).length} of ${errors.length}`;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function tilesTable({ tiles }: QualityReport): string {
  const ways = [...new Set(tiles.map(({ way }) => way))];
  const rows = ways.map((way) => {
    const mine = tiles.filter((row) => row.way === way);
    const of = (key: 'psnr' | 'detail' | 'tileSeam' | 'calls') => mean(mine.map((row) => row[key]));
    return [
      way,
      of('calls').toFixed(1),
      of('psnr').toFixed(2),
      of('detail').toFixed(2),
      of('tileSeam').toFixed(2),
    ];
  });
  return markdownTable(['way', 'calls', 'PSNR', 'fine detail', 'step at the edges of tiles'], rows);
}

function targetTable(report: QualityReport): string {
  const seam = meanOf(report, 'medium', 'ours', 'seam');
  const gain = meanOf(report, 'medium', 'ours', 'psnr') - meanOf(report, 'medium', 'hard paste', 'psnr');
  const ghost = report.ghosts.find(({ margin, method }) => margin === 6 && method === 'ours')!.ghost;
  const shift = Math.max(...report.shiftErrors.map(({ registeredPx }) => registeredPx));
  const most = (what: string, limit: number, value: number, digits = 2) => [
    what,
    `<= ${limit}`,
    value.toFixed(digits),
    value <= limit ? 'met' : `missed by ${(value - limit).toFixed(digits)}`,
  ];
  return markdownTable(
    ['target', 'aim', 'measured', ''],
    [
      most('LF seam after medium drift', mostSeam, seam),
      most('ghost of an object that ends 6 px inside', mostGhost, ghost),
      [
        'PSNR above hard paste, medium drift',
        `>= ${leastGainDb} dB`,
        `${gain.toFixed(2)} dB`,
        gain >= leastGainDb ? 'met' : `missed by ${(leastGainDb - gain).toFixed(2)} dB`,
      ],
      most('largest error of registration, px of 512', mostShiftPx, shift, 3),
    ],
  );
}
