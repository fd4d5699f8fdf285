import type { JobStatus } from '../../lib/jobs/status.ts';

/** A table of one line for each object, and a summary below it. */
export function tableOf(jobs: readonly JobStatus[]): string {
  if (jobs.length === 0) return summaryOf(jobs);
  const rows = [
    ['NAME', 'STATE', 'AGE', 'ATTEMPTS', 'CALLS', 'WHY'],
    ...jobs.map(({ name, state, ageMs, attempts, modelCalls, code, reason }) => [
      printable(name),
      state,
      ageText(ageMs),
      String(attempts),
      String(modelCalls),
      printable([code, reason].filter((text) => text !== '').join(': ')),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', summaryOf(jobs)].join('\n');
}

/** Names come from outside: none of them moves the cursor or begins a line. */
const printable = (text: string) => text.replace(/\p{C}/gu, '\u{FFFD}');

/** One line of JSON for each object. */
export const jsonLinesOf = (jobs: readonly JobStatus[]): string =>
  jobs.map((job) => JSON.stringify(job)).join('\n');

const barCells = 30;

/** A progress bar with a summary, at most `columns` wide: a line that wraps cannot be overwritten. */
export function progressOf(jobs: readonly JobStatus[], columns: number): string {
  const complete = jobs.filter(({ state }) => !isAlone(state));
  const ended = complete.filter(({ state }) => state === 'done' || state === 'failed').length;
  const filled = complete.length === 0 ? 0 : Math.floor((ended / complete.length) * barCells);
  const bar = '#'.repeat(filled).padEnd(barCells, '.');
  return `[${bar}] ${ended}/${complete.length}  ${summaryOf(jobs)}`.slice(0, columns);
}

const isAlone = (state: JobStatus['state']) => state === 'no mask' || state === 'unpaired';

/** What a file lacks may still be on its way for so long. */
const arrivalMs = 60_000;

/** True when there are files, no job runs or can begin, and no file without its pair has just come. */
export const isOver = (jobs: readonly JobStatus[]): boolean =>
  jobs.length > 0 &&
  jobs.every(
    ({ state, ageMs }) => state === 'done' || state === 'failed' || (isAlone(state) && ageMs >= arrivalMs),
  );

/** Fixed, so that a line drawn again and again does not jump. */
const order = ['done', 'failed', 'running', 'waiting', 'pending', 'no mask', 'unpaired'] as const;

/** `18 done, 2 waiting (MODEL_QUOTA)`. */
function summaryOf(jobs: readonly JobStatus[]): string {
  const groups = Map.groupBy(jobs, ({ state }) => state);
  const texts = order.flatMap((state) => {
    const members = groups.get(state) ?? [];
    if (members.length === 0) return [];
    const codes = [...new Set(members.map(({ code }) => code).filter((code) => code !== ''))];
    return `${members.length} ${state}${codes.length === 0 ? '' : ` (${codes.join(', ')})`}`;
  });
  return texts.join(', ') || 'no files';
}

function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
