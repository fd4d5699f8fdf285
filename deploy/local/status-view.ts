import type { JobStatus } from '../../lib/jobs/status.ts';

/** A table of one line for each picture, and a summary below it. */
export function tableOf(jobs: readonly JobStatus[]): string {
  const rows = [
    ['IMAGE', 'STATE', 'AGE', 'ATTEMPTS', 'CALLS', 'WHY'],
    ...jobs.map(({ image, state, ageMs, attempts, modelCalls, code }) => [
      image,
      state,
      ageText(ageMs),
      String(attempts),
      String(modelCalls),
      code,
    ]),
  ];
  if (jobs.length === 0) return summaryOf(jobs);
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', summaryOf(jobs)].join('\n');
}

const barCells = 30;

/** A progress bar with a summary, at most `columns` wide: a line that wraps cannot be overwritten. */
export function progressOf(jobs: readonly JobStatus[], columns: number): string {
  const complete = jobs.filter(({ state }) => state !== 'no mask');
  const ended = complete.filter(({ state }) => state === 'done' || state === 'failed').length;
  const filled = complete.length === 0 ? 0 : Math.floor((ended / complete.length) * barCells);
  const bar = '#'.repeat(filled).padEnd(barCells, '.');
  return `[${bar}] ${ended}/${complete.length}  ${summaryOf(jobs)}`.slice(0, columns);
}

/** True when no job runs and none can begin before another file comes. */
export const isOver = (jobs: readonly JobStatus[]): boolean =>
  jobs.every(({ state }) => ['done', 'failed', 'no mask'].includes(state));

/** Fixed, so that a line drawn again and again does not jump. */
const order = ['done', 'failed', 'running', 'waiting', 'pending', 'no mask'] as const;

/** `18 done, 2 waiting (MODEL_QUOTA)`. */
function summaryOf(jobs: readonly JobStatus[]): string {
  const groups = Map.groupBy(jobs, ({ state }) => state);
  const texts = order.flatMap((state) => {
    const members = groups.get(state) ?? [];
    if (members.length === 0) return [];
    const codes = [...new Set(members.map(({ code }) => code).filter((code) => code !== ''))];
    return `${members.length} ${state}${codes.length === 0 ? '' : ` (${codes.join(', ')})`}`;
  });
  return texts.join(', ') || 'no pictures';
}

function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
