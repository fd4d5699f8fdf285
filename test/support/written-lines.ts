import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { sweepFunction } from '../../functions/sweep.ts';
import { EditError, type ErrorCode } from '../../lib/errors.ts';
import { circuitBreaker } from '../../lib/jobs/run/circuit-breaker.ts';
import { sweep } from '../../lib/jobs/sweep/sweep.ts';
import { jsonLog, type Log, type LogLevel } from '../../lib/log.ts';
import { startTracing } from '../../lib/trace/tracing.ts';
import { delivery, dropPair, pass } from './failure-world.ts';
import { buckets, engineRequest, fakeEngine, never, planOptions } from './job-world.ts';
import { memoryClient } from './memory-store.ts';

/** A line as Cloud Logging keeps it: fields by their path, such as `jsonPayload.code`. */
export type LogEntry = Readonly<Record<string, unknown>>;

/** Cloud Run takes fields with a meaning of their own out of the payload of a line. */
function logEntryOf(line: string, service: string): LogEntry {
  const resource = { 'resource.type': 'cloud_run_revision', 'resource.labels.service_name': service };
  if (!line.startsWith('{')) return { ...resource, textPayload: line };
  const fields = Object.entries(JSON.parse(line) as Record<string, unknown>).filter(
    ([name]) => !/^(severity|httpRequest|time|timestamp|logging\.googleapis\.com\/.+)$/.test(name),
  );
  return {
    ...resource,
    ...Object.fromEntries(fields.map(([name, value]) => [`jsonPayload.${name}`, value])),
  };
}

/** `a.b="x"`, `a.b=~"^x"`, `a.b>=1`, `a.b:*`. */
const comparison = /^([\w.]+)(=~|>=|<=|=|>|<|:)(\*|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?)$/;

/**
 * Compares an entry with comparisons joined by AND, as the metrics and the documents use them.
 *
 * @see https://cloud.google.com/logging/docs/view/logging-query-language
 */
export function matchesFilter(filter: string, entry: LogEntry): boolean {
  return filter.split(' AND ').every((term) => {
    const [, path, operator, literal] = comparison.exec(term) ?? [];
    if (path === undefined || literal === undefined) throw new Error(`Expected a comparison, got ${term}`);
    const found = entry[path] ?? undefined;
    if (operator === ':' || found === undefined) return found !== undefined;
    if (operator === '=~') return new RegExp(String(JSON.parse(literal))).test(String(found));
    const wanted: unknown = JSON.parse(literal);
    if (operator === '=') return found === wanted;
    const difference = Number(found) - Number(wanted);
    return operator?.startsWith('>')
      ? difference > 0 || (operator === '>=' && difference === 0)
      : difference < 0;
  });
}

/** What the platform writes beside the functions' own lines. */
const ofPlatform =
  'Memory limit of 4096 MiB exceeded with 4101 MiB used. Consider increasing the memory limit';

/**
 * Lines of real jobs, a real circuit breaker and the real sweep behind the framework, as Cloud Logging keeps
 * them.
 */
export async function writtenLines(level?: LogLevel): Promise<LogEntry[]> {
  const linesOf = linesAt(level);
  const ofJobs = await linesOf(async (log) => {
    await runJobs(log);
    await openCircuit(log);
  });
  return [
    ...ofJobs.map((line) => logEntryOf(line, 'inpaint-run-job')),
    ...(await linesOf(sweepLate)).map((line) => logEntryOf(line, 'inpaint-sweep')),
    logEntryOf(ofPlatform, 'inpaint-run-job'),
  ];
}

const linesAt =
  (level: LogLevel = 'info') =>
  async (work: (log: Log) => Promise<void>): Promise<string[]> => {
    const lines: string[] = [];
    await work(jsonLog({ level, stream: { write: (line) => void lines.push(line) } }));
    return lines;
  };

const throwing = (code: ErrorCode) =>
  fakeEngine(() => {
    throw new EditError(code, 'Expected a picture, got none');
  });

async function runJobs(log: Log): Promise<void> {
  for (const engine of [fakeEngine(), throwing('ENGINE_REFUSED'), throwing('MODEL_QUOTA')]) {
    await delivery(dropPair(), engine, { run: { log } });
  }
}

async function openCircuit(log: Log): Promise<void> {
  const breaker = circuitBreaker(throwing('MODEL_RETIRED'), { now: () => 0, log });
  await breaker.inpaint(engineRequest('r0'), never).catch(() => undefined);
}

/** A sweep that finds a pair which lay there for two hours. */
async function sweepLate(log: Log): Promise<void> {
  const world = dropPair();
  pass(world, 120);
  const options = {
    ...{ store: memoryClient(world), buckets, pairing: { folderMask: false }, plan: planOptions, log },
    ...{ maxJobs: 10, maxImages: 10, minAgeMs: 120_000, priceOf: () => 0, dispatch: async () => undefined },
    ...{ timeMs: 60_000, now: Date.now, dispatchesAtOnce: 1 },
  };
  const handle = ({ isDryRun }: { readonly isDryRun: boolean }, signal: AbortSignal) =>
    sweep({ ...options, isDryRun }, signal);
  http('sweepOfMetrics', sweepFunction({ handle, deadlineMs: 10_000, log, tracing: startTracing() }));
  const server = getTestServer('sweepOfMetrics');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { 'Content-Type': 'application/json' };
  await fetch(`http://127.0.0.1:${port}`, { method: 'POST', headers, body: '{}' });
  server.close();
}
