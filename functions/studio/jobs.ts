import { createHash } from 'node:crypto';
import { EditError } from '../../lib/errors.ts';
import type { HttpJobs } from '../../lib/http-jobs/http-jobs.ts';
import { jobResource, stateOf } from '../../lib/http-jobs/job-resource.ts';
import { jobStates } from '../../lib/http-jobs/job-schema.ts';
import { parseKey } from '../../lib/http-jobs/keys.ts';
import type { JobFacts } from '../../lib/http-jobs/read-job.ts';
import type { JobFile, JobOrder } from '../../lib/http-jobs/submit.ts';
import { type Answer, jsonSender } from '../http.ts';
import { problemOf } from '../problem.ts';
import { isDryRun, queryNames, receive, type Source } from '../received.ts';
import type { Call, Route, StudioParts } from './context.ts';
import { planned } from './plan.ts';
import { integerIn, wordIn } from './query.ts';

const shape = { operation: 'edit', files: ['image', 'mask', 'keep'] } as const;
const id = '(?<id>[0-9a-f]{16})';
/** Longest wait of one request, s: proxies cut connections that are silent for a minute. */
const maxWaitS = 60;

export const jobRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/jobs$/,
    query: (request) => queryNames(request, shape),
    answer: createJob,
  },
  {
    method: 'GET',
    path: /^\/jobs$/,
    query: ['prefix', 'state', 'pageSize', 'pageToken'],
    answer: listJobs,
  },
  { method: 'GET', path: new RegExp(`^/jobs/${id}$`), answer: readJob },
  { method: 'POST', path: new RegExp(`^/jobs/${id}/cancel$`), answer: cancelJob },
  { method: 'GET', path: new RegExp(`^/jobs/${id}/manifest$`), answer: readManifest },
];

async function createJob(call: Call, parts: StudioParts): Promise<Answer> {
  const { request, response, signal } = call;
  const header = request.get('idempotency-key');
  const key = header === undefined ? undefined : parseKey(header);
  const dry = isDryRun(request);
  const wait = waitOf(call);
  const { files, fields, warnings } = await receive(request, { ...shape, maxFileBytes: parts.maxImageBytes });
  const image = files.get('image');
  if (image === undefined) throw new EditError('REQUEST_INVALID', 'Expected a file named image, got none');
  if (dry) return planned(call, parts, { files, fields, warnings });
  const fileOf = async (name: string) => {
    const source = files.get(name);
    return source && jobFile(source, call, parts);
  };
  const [mask, keep] = [await fileOf('mask'), await fileOf('keep')];
  const order: JobOrder = { image: await jobFile(image, call, parts), mask, keep, fields };
  const jobs = await parts.jobs();
  const { facts, isReplay } = await jobs.create(order, key, signal);
  if (isReplay) response.set('Idempotency-Replayed', 'true');
  const seen = await waited(jobs, facts, { wait, call });
  response.status(isOver(seen) ? 200 : 202).set({ Location: `jobs/${facts.id}`, 'Inpaint-Job': facts.id });
  return { send: jobSender(call, seen, parts), facts: { job: facts.id, isReplay } };
}

const mediaTypes: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  avif: 'image/avif',
};

async function jobFile(source: Source, { request, signal }: Call, parts: StudioParts): Promise<JobFile> {
  if (source.kind === 'bytes') {
    const { bytes, fileName } = source;
    const extension = fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase();
    const ofBody = request.get('content-type')?.split(';')[0] ?? '';
    const ofName = mediaTypes[extension] ?? 'image/any';
    return { bytes, fileName, contentType: ofBody.startsWith('image/') ? ofBody : ofName };
  }
  if (source.kind === 'upload') return (await parts.uploads()).find(source.id, signal);
  const object = await (await parts.objects()).stat(source.uri, signal);
  return { object, fileName: object.name };
}

/** `Prefer: wait=20` -> 20; 0 when left out. @throws {EditError} `REQUEST_INVALID`. @see RFC 7240 */
function waitOf({ request }: Call): number {
  const text = /(?:^|[,;\s])wait=("?)(\d+)\1(?=[,;\s]|$)/i.exec(request.get('prefer') ?? '')?.[2];
  const seconds = Number(text ?? 0);
  if (seconds <= maxWaitS) return seconds;
  throw new EditError('REQUEST_INVALID', `Expected Prefer: wait=0 to ${maxWaitS} seconds, got ${seconds}`);
}

interface Waiting {
  readonly wait: number;
  readonly call: Call;
  readonly isEnough?: (facts: JobFacts) => boolean;
}

async function waited(
  jobs: HttpJobs,
  facts: JobFacts,
  { wait, call, isEnough = () => false }: Waiting,
): Promise<JobFacts> {
  if (wait === 0) return facts;
  call.response.set('Preference-Applied', `wait=${wait}`);
  return jobs.wait(facts.id, { ms: wait * 1000, isEnough }, call.signal);
}

/** When to look again, s: soon at first. */
function retryAfterS({ createdAt, updatedAt }: JobFacts): number {
  const ageS = (Date.parse(updatedAt) - Date.parse(createdAt)) / 1000;
  return Math.min(5, Math.max(1, Math.round(ageS / 10)));
}

const resourceOf = (facts: JobFacts, { outputBucket, errorsUrl }: StudioParts) =>
  jobResource(facts, outputBucket, (error) => problemOf(error, { errorsUrl }));

const isOver = (facts: JobFacts) => ['succeeded', 'failed', 'cancelled'].includes(stateOf(facts));

function jobSender({ response }: Call, facts: JobFacts, parts: StudioParts): () => void {
  const resource = resourceOf(facts, parts);
  response.set('ETag', etagOf(resource));
  if (!isOver(facts)) response.set('Retry-After', String(retryAfterS(facts)));
  return jsonSender(response, resource);
}

const etagOf = (resource: object): string =>
  `"${createHash('sha256').update(JSON.stringify(resource)).digest('base64url').slice(0, 22)}"`;

async function readJob(call: Call, parts: StudioParts): Promise<Answer> {
  const { request, response, signal, path } = call;
  const jobs = await parts.jobs();
  const facts = await jobs.read(path['id'] ?? '', signal);
  const known = request.get('if-none-match');
  const isKnown = (some: JobFacts) => known?.includes(etagOf(resourceOf(some, parts))) ?? false;
  // Without an ETag a wait lasts until the end of the job; with one, until something changed.
  const isEnough = (some: JobFacts) => known !== undefined && !isKnown(some);
  const seen = isEnough(facts) ? facts : await waited(jobs, facts, { wait: waitOf(call), call, isEnough });
  const send = jobSender(call, seen, parts);
  if (!isKnown(seen)) return { send };
  return { send: () => void response.status(304).end() };
}

async function listJobs(call: Call, parts: StudioParts): Promise<Answer> {
  const { query, signal, response } = call;
  const { jobs, nextPageToken } = await (await parts.jobs()).list(
    {
      prefix: query.get('prefix') ?? '',
      state: wordIn(query, 'state', jobStates),
      pageSize: integerIn(query, 'pageSize', { least: 1, most: 100, fallback: 20 }),
      pageToken: query.get('pageToken') ?? undefined,
    },
    signal,
  );
  const list = { jobs: jobs.map((facts) => resourceOf(facts, parts)), nextPageToken: nextPageToken ?? null };
  return { send: jsonSender(response, list) };
}

async function cancelJob(call: Call, parts: StudioParts): Promise<Answer> {
  const { response, signal, path } = call;
  const facts = await (await parts.jobs()).cancel(path['id'] ?? '', signal);
  response.status(202);
  return { send: jobSender(call, facts, parts), facts: { job: facts.id } };
}

async function readManifest({ response, signal, path }: Call, parts: StudioParts): Promise<Answer> {
  const jobs = await parts.jobs();
  const facts = await jobs.read(path['id'] ?? '', signal);
  const bytes = await jobs.manifestOf(facts, signal);
  return { send: () => response.type('json').send(Buffer.from(bytes)) };
}
