import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '../../lib/config.ts';
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

const watchIntervalMs = 1000;
const usageExitCode = 2;

/** Where text goes; a terminal may have its last line written again. */
interface Stream {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

interface StatusCommand {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: Stream;
  readonly err: Stream;
}

/** The whole command. @returns its exit code: 1 after an error, or where `--watch` saw a job fail. */
export async function runStatus({ args, environment, out, err }: StatusCommand): Promise<number> {
  const asked = parsedArguments(args);
  if (typeof asked === 'string') {
    err.write(`${asked}\n\n${usage}\n`);
    return usageExitCode;
  }
  if (asked.isHelp) {
    out.write(`${usage}\n`);
    return 0;
  }
  const line = progressLine(asked.isJson ? err : out);
  try {
    return await show(asked, { environment, out, line });
  } catch (error) {
    const { code, message, remedy } = asEditError(error);
    line.end();
    err.write(`${code}: ${message}\n${helps(environment)[code] ?? remedy}\n`);
    return 1;
  }
}

/** No bucket is named: that of `npm start`. */
const isLocal = ({ INPUT_BUCKET }: StatusCommand['environment']) => !INPUT_BUCKET;

const helps = (environment: StatusCommand['environment']): Readonly<Record<string, string>> =>
  isLocal(environment)
    ? {
        STORAGE_UNAVAILABLE:
          'Is it running? Start it with npm start. If that had a PORT, give status the same: PORT=... npm run status.',
      }
    : {
        STORAGE_PERMISSION:
          'Sign in as somebody who may read the three buckets: gcloud auth application-default login',
      };

/** @returns what is asked, or what is wrong with it. */
function parsedArguments(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{ watch: flag, failed: flag, json: flag, help: flag },
        ...{ again: { type: 'string' }, 'dry-run': flag },
      },
    });
    const { again, watch, failed, json, help, 'dry-run': isDryRun } = values;
    if (positionals.length > 1) return `Expected one prefix, got ${positionals.length}`;
    if (again !== undefined && !isCode(again))
      return `Expected --again with a code of docs/errors.md, got ${again}`;
    if (isDryRun && again === undefined) return 'Expected --dry-run with --again';
    const flags = { isWatching: watch, isFailedOnly: failed, isJson: json, isHelp: help, isDryRun };
    return { ...flags, again, prefix: positionals[0] ?? '' };
  } catch (error) {
    return asEditError(error).message;
  }
}

type Asked = Exclude<ReturnType<typeof parsedArguments>, string>;

interface Shown {
  readonly environment: StatusCommand['environment'];
  readonly out: Stream;
  /** Where lines stand that are no answer: with `--json` not among the answers, which are for programs. */
  readonly line: ProgressLine;
}

async function show(asked: Asked, { environment, out, line }: Shown): Promise<number> {
  const { prefix, again, isDryRun, isWatching, isJson } = asked;
  const opened = { ...openBuckets(environment), prefix };
  if (again !== undefined) await ask({ ...opened, codes: [again], isDryRun }, line);
  if (isDryRun) return 0;
  const read = () => statusOf(opened);
  let jobs = await read();
  while (isWatching && !isOver(jobs)) {
    line.draw(jobs);
    await sleep(watchIntervalMs);
    jobs = await read();
  }
  if (isWatching) line.erase();
  const hasFailed = jobs.some(({ state }) => state === 'failed');
  const shown = asked.isFailedOnly ? jobs.filter(({ state }) => state === 'failed') : jobs;
  if (!isJson) out.write(`${tableOf(shown)}\n`);
  else if (shown.length > 0) out.write(`${jsonLinesOf(shown)}\n`);
  return isWatching && hasFailed ? 1 : 0;
}

/** Asks again for what ended with these codes, and prints a line for each. */
async function ask(
  {
    folderMask,
    ...options
  }: Omit<Parameters<typeof askAgain>[0], 'pairing'> & { readonly folderMask: boolean },
  { tell }: ProgressLine,
): Promise<void> {
  let asked = 0;
  const jobs = askAgain({ ...options, pairing: { folderMask } }, new AbortController().signal);
  for await (const { image, job } of jobs) {
    tell(`${options.isDryRun ? 'Would be run again' : 'Will be run again'}: ${image}, job ${job}`);
    asked++;
  }
  tell(`${asked} ${options.isDryRun ? 'would be run again' : 'are run again by the next sweeps'}`);
}

function openBuckets(environment: StatusCommand['environment']) {
  const port = Number(environment['PORT'] || 8080);
  const local = {
    ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' },
    // As `npm start` chooses it.
    STORAGE_API_ENDPOINT: `http://127.0.0.1:${port + 1}`,
  };
  const set = Object.entries(environment).filter(([, text]) => text !== '');
  const settings = isLocal(environment) ? { ...local, ...Object.fromEntries(set) } : environment;
  const { buckets, folderMask, requestFile, storageApiEndpoint, project } = readConfig(settings, {
    buckets: true,
  });
  if (buckets === undefined) throw new EditError('CONFIG_INVALID', 'Expected three buckets, got none');
  const store = cloudStorage({
    apiEndpoint: storageApiEndpoint,
    projectId: project,
    ...(isLocal(environment) ? { retry: { backoffMs: [] } } : {}),
  });
  return { store, buckets, folderMask, requestFile };
}

type ProgressLine = ReturnType<typeof progressLine>;

/** A line that is written again on a terminal; elsewhere a new one when something has changed. */
function progressLine(stream: Stream) {
  const { isTTY = false, columns = 80 } = stream;
  let last = '';
  return {
    tell: (text: string) => void stream.write(`${text}\n`),
    draw(jobs: readonly JobStatus[]): void {
      const line = progressOf(jobs, isTTY ? columns - 1 : Number.POSITIVE_INFINITY);
      if (isTTY) stream.write(`\r${line}\x1b[K`);
      else if (line !== last) stream.write(`${line}\n`);
      last = line;
    },
    erase: () => void (isTTY && stream.write('\r\x1b[K')),
    /** Leaves the line, where one stands. */
    end: () => void (last !== '' && stream.write('\n')),
  };
}
