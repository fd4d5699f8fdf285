import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '../../lib/config.ts';
import { asEditError, EditError } from '../../lib/errors.ts';
import { type JobStatus, statusOf } from '../../lib/jobs/status.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import { isOver, progressOf, tableOf } from './status-view.ts';

/**
 * `npm run status -- [prefix] [--watch]`: prints the state of every picture, read from the buckets alone.
 * Without settings it reads those of the local system; with `INPUT_BUCKET` and the others, those buckets.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { watch: { type: 'boolean', default: false } },
});
const isLocal = process.env['INPUT_BUCKET'] === undefined;
const watchIntervalMs = 1000;
let lastLine = '';

try {
  await show();
} catch (error) {
  const { code, message, remedy } = asEditError(error);
  const helps: Readonly<Record<string, string>> = isLocal
    ? {
        STORAGE_UNAVAILABLE:
          'Is it running? Start it with npm start, on the same PORT; or set INPUT_BUCKET and the others.',
      }
    : {
        STORAGE_PERMISSION:
          'Sign in as somebody who may read the three buckets: gcloud auth application-default login',
      };
  console.error(`${lastLine === '' ? '' : '\n'}${code}: ${message}\n${helps[code] ?? remedy}`);
  process.exitCode = 1;
}

async function show(): Promise<void> {
  const read = statusReader();
  let jobs = await read();
  while (values.watch && !isOver(jobs)) {
    drawProgress(jobs);
    await sleep(watchIntervalMs);
    jobs = await read();
  }
  if (values.watch) eraseProgress();
  console.log(tableOf(jobs));
}

function statusReader(): () => Promise<readonly JobStatus[]> {
  const port = Number(process.env['PORT'] ?? 8080);
  const local = {
    ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' },
    // As `npm start` chooses it.
    STORAGE_API_ENDPOINT: `http://127.0.0.1:${port + 1}`,
  };
  const config = readConfig(isLocal ? { ...local, ...process.env } : process.env, { buckets: true });
  const { buckets, folderMask, storageApiEndpoint, project } = config;
  if (buckets === undefined) throw new EditError('CONFIG_INVALID', 'Expected three buckets, got none');
  const store = cloudStorage({
    apiEndpoint: storageApiEndpoint,
    projectId: project,
    ...(isLocal ? { retry: { backoffMs: [] } } : {}),
  });
  const prefix = positionals[0] ?? '';
  return () => statusOf({ store, buckets, prefix, folderMask });
}

/** Overwrites the line on a terminal; elsewhere prints a new one when something has changed. */
function drawProgress(jobs: readonly JobStatus[]): void {
  const { isTTY, columns = 80 } = process.stdout;
  const line = progressOf(jobs, isTTY ? columns - 1 : Number.POSITIVE_INFINITY);
  if (isTTY) process.stdout.write(`\r${line}\x1b[K`);
  else if (line !== lastLine) console.log(line);
  lastLine = line;
}

function eraseProgress(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
}
