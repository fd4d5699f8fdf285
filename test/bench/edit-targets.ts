import { markdownTable } from './markdown.ts';

/** What one case of the edit bench came to. */
export interface EditFigures {
  readonly megapixels: number;
  readonly format: 'jpeg' | 'png';
  /** Whole process over whole process, edit over floor. */
  readonly fresh: number;
  /** The same in a process that has done it before. */
  readonly warm: number;
  /** The write stage alone, of a warm edit, over the warm floor. */
  readonly write: number;
  /** Resident memory at most, of the fresh process, MB. */
  readonly peakMb: number;
}

type Measure = 'fresh' | 'warm' | 'write' | 'peakMb';

interface Target {
  readonly what: string;
  readonly measure: Measure;
  /** By megapixels: at most this. */
  readonly most: Readonly<Record<number, number>>;
  readonly format: EditFigures['format'];
}

const targets: readonly Target[] = [
  { what: 'write stage', measure: 'write', format: 'jpeg', most: { 24: 0.85, 102: 0.7 } },
  { what: 'write stage', measure: 'write', format: 'png', most: { 24: 1.05, 102: 1.05 } },
  { what: 'whole edit, warm', measure: 'warm', format: 'jpeg', most: { 24: 1.5, 102: 1 } },
  { what: 'whole edit, fresh process', measure: 'fresh', format: 'jpeg', most: { 24: 1.8, 102: 1 } },
  { what: 'whole edit, warm', measure: 'warm', format: 'png', most: { 24: 1.5, 102: 1.25 } },
  { what: 'peak memory', measure: 'peakMb', format: 'jpeg', most: { 24: 190, 102: 300 } },
];

/**
 * What was aimed at beside what was measured, and by how much it was missed; only for sizes that were run.
 */
export function targetTable(figures: readonly EditFigures[]): string {
  const rows = targets.flatMap(({ what, measure, format, most }) =>
    Object.entries(most).flatMap(([size, aim]) => {
      const found = figures.find((one) => one.megapixels === Number(size) && one.format === format);
      return found ? [rowOf(`${what}, ${size} MP ${format}`, measure, found[measure], aim)] : [];
    }),
  );
  return markdownTable(['target', 'at most', 'measured', 'missed by'], rows);
}

function rowOf(what: string, measure: Measure, value: number, aim: number): string[] {
  const shown = (number: number) =>
    measure === 'peakMb' ? `${number.toFixed(0)} MB` : `${number.toFixed(2)} x the floor`;
  const missed = value <= aim ? 'reached' : `${((value / aim - 1) * 100).toFixed(0)} %`;
  return [what, shown(aim), shown(value), missed];
}
