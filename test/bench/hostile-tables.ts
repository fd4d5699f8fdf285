import type { OutsideChanges } from '../support/hostile.ts';
import { markdownTable } from './markdown.ts';

/** What came of one photo and one behaviour. */
export interface HostileRun {
  readonly photo: string;
  readonly model: string;
  /** `undefined`: nothing was published, for the reason of `code`. */
  readonly found: Found | undefined;
  readonly code: string;
}

/** With several regions, each field has the largest value among them. */
export interface Found {
  readonly isJpeg: boolean;
  readonly changes: OutsideChanges;
  readonly madePx: number;
  readonly reportedPx: number;
  readonly isRegistered: boolean;
  readonly leftPx: number | undefined;
  readonly ringBefore: number;
  readonly ringAfter: number;
  readonly seam: number;
}

/** The worst of each behaviour, then every run, as Markdown. */
export function printRuns(runs: readonly HostileRun[]): void {
  console.log(
    `### The worst of ${new Set(runs.map(({ photo }) => photo)).size} photos\n\n${worstTable(runs)}`,
  );
  console.log(
    '\nValues outside: of a JPEG those that share no block of coefficients with the mask. Drift: the farthest any point of the crop was\n' +
      'moved, px of the picture, as the model made it and as the manifest tells it. Shift left: inside the mask, against the same answer\n' +
      'undisturbed. Ring: low-passed difference on the surroundings of the mask before and after correction, levels.',
  );
  console.log(`\n### Each photo\n\n${fullTable(runs)}`);
}

function worstTable(runs: readonly HostileRun[]): string {
  const rows = [...new Set(runs.map(({ model }) => model))].map((model) => {
    const mine = runs.filter((run) => run.model === model);
    const found = mine.flatMap((run) => run.found ?? []);
    const worst = (value: (one: Found) => number) =>
      found.length === 0 ? '' : Math.max(...found.map(value)).toFixed(2);
    return [
      model,
      found.length === 0 ? '' : String(found.reduce((sum, one) => sum + changedIn(one), 0)),
      worst(({ madePx }) => madePx),
      worst(({ madePx, reportedPx }) => Math.abs(madePx - reportedPx)),
      worst(({ leftPx }) => leftPx ?? 0),
      worst(({ ringAfter }) => ringAfter),
      [...new Set(mine.map(({ code }) => `${mine.filter((run) => run.code === code).length} ${code}`))].join(
        ', ',
      ),
    ];
  });
  const drift = ['drift made, px', 'error of the drift reported', 'shift left inside, px'];
  return markdownTable(['model', 'values changed outside', ...drift, 'ring after', 'ends'], rows);
}

function fullTable(runs: readonly HostileRun[]): string {
  const rows = runs.map(({ photo, model, found, code }) => {
    if (found === undefined) return [photo, model, '', '', '', '', '', '', '', code];
    const { changes, isJpeg, madePx, reportedPx, isRegistered, leftPx } = found;
    return [
      photo,
      model,
      isJpeg
        ? `${changes.elsewhere}, and ${changes.outside - changes.elsewhere} in blocks of the mask`
        : String(changes.outside),
      madePx.toFixed(2),
      isRegistered ? reportedPx.toFixed(2) : 'too flat to tell',
      leftPx?.toFixed(2) ?? 'too flat to tell',
      found.ringBefore.toFixed(2),
      found.ringAfter.toFixed(2),
      found.seam.toFixed(2),
      code,
    ];
  });
  const drift = ['drift made, px', 'drift reported, px', 'shift left inside, px'];
  return markdownTable(
    ['photo', 'model', 'values changed outside', ...drift, 'ring before', 'ring after', 'seam', 'ends'],
    rows,
  );
}

const changedIn = ({ isJpeg, changes }: Found): number => (isJpeg ? changes.elsewhere : changes.outside);
