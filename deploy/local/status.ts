import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '../../lib/config.ts';
import { capabilitiesOf, engineNames, parseEngineName } from '../../lib/engines/engines.ts';
import { asEditError, EditError, isCode } from '../../lib/errors.ts';
import { type JobStatus, statusOf } from '../../lib/jobs/status.ts';
import { askAgain } from '../../lib/jobs/sweep/again.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import { isOver, jsonLinesOf, progressOf, tableOf } from './status-view.ts';

const usage = `npm run status -- [PREFIX] [--again CODE [--dry-run]] [--watch] [--failed] [--json]

Prints the state of every file whose name begins with PREFIX, read from the buckets alone. Without settings
it reads those of the local system; with INPUT_BUCKET, OUTPUT_BUCKET and CONTROL_BUCKET, those buckets.

  --again CODE  asks again for every job that ended with CODE, then shows the state of all: the sweep runs them.
                With --dry-run only shows for which
  --watch   wait until nothing is under way; the exit code is then 1 if a job failed
  --failed  only what has failed
  --json    one line of JSON for each file`;

const isLocal = process.env['INPUT_BUCKET'] === undefined;
const watchIntervalMs = 1000;
const usageExitCode = 2;
let lastLine = '';

const { values, prefix } = parsedArguments();
/** Lines of JSON are for programs: nothing else stands between them. */
const progress = values.json ? process.stderr : process.stdout;
try {
  await show();
} catch (error) {
  const { code, message, remedy } = asEditError(error);
  const helps: Readonly<Record<string, string>> = isLocal
    ? {
        STORAGE_UNAVAILABLE:
          'Is it running? Start it with npm start. If that had a PORT, give status the same: PORT=... npm run status.',
      }
    : {
        STORAGE_PERMISSION:
          'Sign in as somebody who may read the three buckets: gcloud auth application-default login',
      };
  console.error(`${lastLine === '' ? '' : '\n'}${code}: ${message}\n${helps[code] ?? remedy}`);
  process.exitCode = 1;
}

function parsedArguments() {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        ...{ watch: flag, failed: flag, json: flag, help: flag },
        ...{ again: { type: 'string' }, 'dry-run': flag },
      },
    });
    if (positionals.length > 1) throw new TypeError(`Expected one prefix, got ${positionals.length}`);
    if (values.again !== undefined && !isCode(values.again))
      throw new TypeError(`Expected --again with a code of docs/errors.md, got ${values.again}`);
    if (values['dry-run'] && values.again === undefined)
      throw new TypeError('Expected --dry-run with --again');
    if (!values.help) return { values, prefix: positionals[0] ?? '' };
    console.log(usage);
    process.exit();
  } catch (error) {
    console.error(`${asEditError(error).message}\n\n${usage}`);
    process.exit(usageExitCode);
  }
}

/** Asks again for what ended with this code, and prints a line for each. */
async function ask(code: string): Promise<void> {
  const { store, buckets, folderMask } = openBuckets();
  const isDryRun = values['dry-run'];
  const options = { store, buckets, pairing: { folderMask }, codes: [code], prefix, isDryRun };
  let asked = 0;
  for await (const { image, job } of askAgain(options, new AbortController().signal)) {
    progress.write(`${isDryRun ? 'Would be run again' : 'Will be run again'}: ${image}, job ${job}\n`);
    asked++;
  }
  progress.write(`${asked} ${isDryRun ? 'would be run again' : 'are run again by the next sweeps'}\n`);
}

async function show(): Promise<void> {
  if (values.again !== undefined) await ask(values.again);
  if (values['dry-run']) return;
  const read = statusReader();
  let jobs = await read();
  while (values.watch && !isOver(jobs)) {
    drawProgress(jobs);
    await sleep(watchIntervalMs);
    jobs = await read();
  }
  if (values.watch) eraseProgress();
  const shown = values.failed ? jobs.filter(({ state }) => state === 'failed') : jobs;
  if (!values.json) console.log(tableOf(shown));
  else if (shown.length > 0) console.log(jsonLinesOf(shown));
  if (values.watch && jobs.some(({ state }) => state === 'failed')) process.exitCode = 1;
}

function statusReader(): () => Promise<readonly JobStatus[]> {
  const options = { ...openBuckets(), prefix, asksModel };
  return () => statusOf(options);
}

/** True as well for an engine that this version does not know. */
function asksModel(name: string): boolean {
  const { engine } = parseEngineName(name);
  return !engineNames.includes(engine) || capabilitiesOf(engine).maxCallsPerSample > 0;
}

function openBuckets() {
  const port = Number(process.env['PORT'] ?? 8080);
  const local = {
    ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' },
    // As `npm start` chooses it.
    STORAGE_API_ENDPOINT: `http://127.0.0.1:${port + 1}`,
  };
  const config = readConfig(isLocal ? { ...local, ...process.env } : process.env, { buckets: true });
  const { buckets, folderMask, requestFile, storageApiEndpoint, project } = config;
  if (buckets === undefined) throw new EditError('CONFIG_INVALID', 'Expected three buckets, got none');
  const store = cloudStorage({
    apiEndpoint: storageApiEndpoint,
    projectId: project,
    ...(isLocal ? { retry: { backoffMs: [] } } : {}),
  });
  return { store, buckets, folderMask, requestFile };
}

/** Overwrites the line on a terminal; elsewhere prints a new one when something has changed. */
function drawProgress(jobs: readonly JobStatus[]): void {
  const { isTTY, columns = 80 } = progress;
  const line = progressOf(jobs, isTTY ? columns - 1 : Number.POSITIVE_INFINITY);
  if (isTTY) progress.write(`\r${line}\x1b[K`);
  else if (line !== lastLine) progress.write(`${line}\n`);
  lastLine = line;
}

function eraseProgress(): void {
  if (progress.isTTY) progress.write('\r\x1b[K');
}
