import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '../../lib/config.ts';
import { type JobStatus, statusOf } from '../../lib/jobs/status.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';

/**
 * `npm run status -- [prefix] [--watch]`: what has become of every picture, read from the buckets alone.
 * Without settings it looks at the local system; with `INPUT_BUCKET` and the others, at those buckets.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { watch: { type: 'boolean', default: false } },
});
const { INPUT_BUCKET: input, OUTPUT_BUCKET: output, CONTROL_BUCKET: control } = process.env;
const isLocal = input === undefined;
const localStoragePort = Number(process.env['PORT'] ?? 8080) + 1;
const apiEndpoint =
  process.env['STORAGE_API_ENDPOINT'] ?? (isLocal ? `http://127.0.0.1:${localStoragePort}` : undefined);
const buckets = { input: input ?? 'input', output: output ?? 'output', control: control ?? 'control' };
const store = cloudStorage({ apiEndpoint, projectId: undefined });
const prefix = positionals[0] ?? '';
const { folderMask } = readConfig({ FOLDER_MASK: process.env['FOLDER_MASK'] });

const watchIntervalMs = 1000;
for (;;) {
  const jobs = await statusOf({ store, buckets, prefix, folderMask });
  const isOver = jobs.every(({ state }) => ['done', 'failed', 'no mask'].includes(state));
  if (!values.watch || isOver) {
    console.log(tableOf(jobs));
    break;
  }
  process.stdout.write(`\r${progressOf(jobs)}\x1b[K`);
  await sleep(watchIntervalMs);
}

function tableOf(jobs: readonly JobStatus[]): string {
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
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', summaryOf(jobs)].join('\n');
}

function summaryOf(jobs: readonly JobStatus[]): string {
  const counts = new Map<string, number>();
  for (const { state } of jobs) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ') || 'no pictures';
}

function progressOf(jobs: readonly JobStatus[]): string {
  const width = 30;
  const complete = jobs.filter(({ state }) => state !== 'no mask');
  const ended = complete.filter(({ state }) => state === 'done' || state === 'failed');
  const filled = complete.length === 0 ? 0 : Math.floor((ended.length / complete.length) * width);
  return `\r[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${ended.length}/${complete.length}  ${summaryOf(jobs)}`;
}

function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
