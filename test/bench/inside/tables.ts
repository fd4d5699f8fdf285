import type { Half, Outcome } from '../inside.ts';
import { markdownTable } from '../markdown.ts';
import type { Verdict } from './kinds.ts';

/** What came of one answer. */
export interface InsideRun {
  readonly kind: string;
  readonly n: number;
  readonly seed: number;
  readonly half: Half;
  readonly scene: string;
  readonly verdict: Verdict;
  readonly outcome: Outcome;
  /** Warnings, or the code of the error. */
  readonly said: readonly string[];
}

const verdicts = {
  bad: 'Answers that must not be published without a word',
  good: 'Answers that must be published without a word',
  other: 'Not counted: only the prompt could tell',
} as const satisfies Readonly<Record<Verdict, string>>;

/** One table for each half of the seeds and each verdict, as Markdown. */
export function printInside(runs: readonly InsideRun[]): void {
  for (const half of ['seen', 'unseen'] as const) {
    for (const [verdict, title] of Object.entries(verdicts)) {
      const mine = runs.filter((run) => run.half === half && run.verdict === verdict);
      if (mine.length > 0) console.log(`### ${title}, ${half} seeds\n\n${tableOf(mine)}\n`);
    }
  }
}

function tableOf(runs: readonly InsideRun[]): string {
  const kinds = [...new Set(runs.map(({ kind }) => kind))];
  const rowOf = (name: string, mine: readonly InsideRun[]) => {
    const count = (outcome: Outcome) => String(mine.filter((run) => run.outcome === outcome).length);
    const held = mine.filter(({ outcome }) => outcome === 'held back').flatMap(({ said }) => said);
    const codes = [...new Set(held)].map((code) => `${held.filter((one) => one === code).length} ${code}`);
    return [
      name,
      String(mine.length),
      count('silent'),
      count('warned'),
      count('held back'),
      codes.join(', '),
    ];
  };
  return markdownTable(
    ['answer', 'cases', 'published silently', 'with a warning', 'held back', 'as'],
    [
      ...kinds.map((kind) =>
        rowOf(
          kind,
          runs.filter((run) => run.kind === kind),
        ),
      ),
      rowOf('all', runs),
    ],
  );
}
