import type { Capabilities, Fields, Job, Plan, Problem } from './answers.ts';
import { texts } from './texts.ts';

/** What the service, or the page itself, says went wrong. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** A fault that the page finds before it asks the service. */
export const problem = (code: string, detail: string): ProblemError => new ProblemError({ code, detail });

const loginEnded = () => problem('LOGIN_ENDED', texts.loginEnded);

async function checked(response: Response): Promise<Response> {
  if (response.ok || response.status === 304 || response.status === 308) return response;
  // What stands before the service leads to a login, or refuses.
  if (response.type === 'opaqueredirect' || response.status === 401) throw loginEnded();
  const unknown = {
    code: `HTTP_${response.status}`,
    detail: `Expected an answer, got status ${response.status}`,
  };
  throw new ProblemError((await response.json().catch(() => unknown)) as Problem);
}

let isLeaving = false;

/** A page that is left aborts its requests: they have not failed, and nothing must follow from it. */
export function listenToLeaving(): void {
  addEventListener('beforeunload', () => {
    isLeaving = true;
  });
  addEventListener('pageshow', () => {
    isLeaving = false;
  });
}

const failed = (error: unknown): Promise<never> =>
  isLeaving ? new Promise(() => undefined) : Promise.reject(error);

/** With this header Identity-Aware Proxy answers 401 in place of a page to log in. */
const ownHeaders = { 'X-Requested-With': 'XMLHttpRequest' } as const;

async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  const headers = { ...ownHeaders, ...(options.headers as Record<string, string> | undefined) };
  return checked(await fetch(path, { redirect: 'manual', ...options, headers }).catch(failed));
}

async function askJson<Answer>(path: string, options?: RequestInit): Promise<Answer> {
  return (await ask(path, options)).json() as Promise<Answer>;
}

export const readCapabilities = (): Promise<Capabilities> => askJson('capabilities');
export const readJob = (id: string): Promise<Job> => askJson(`jobs/${id}`);

interface JobList {
  readonly jobs: readonly Job[];
  readonly nextPageToken: string | null;
}

export const listJobs = (pageToken: string | null): Promise<JobList> =>
  askJson(`jobs?pageSize=20${pageToken === null ? '' : `&pageToken=${encodeURIComponent(pageToken)}`}`);

/** What the page reads of a manifest. */
export interface Manifest {
  readonly engine: string;
  readonly regions: readonly {
    readonly box: {
      readonly left: number;
      readonly top: number;
      readonly width: number;
      readonly height: number;
    };
    readonly fits: readonly { readonly cost: number; readonly seam: number }[];
  }[];
}

export const readManifest = ({ id }: Job): Promise<Manifest> => askJson(`jobs/${id}/manifest`);

export interface Order {
  /** The file as it was opened, or the address of an earlier result. */
  readonly image: File | { readonly uri: string } | { readonly upload: string };
  readonly mask: Blob | undefined;
  readonly fields: Fields;
}

/** How often something is asked for while the service is busy with others. */
export const maxAsks = 5;

/** Asks again where the service says when to. */
export async function patiently<Answer>(work: () => Promise<Answer>, asks = 1): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    const waitMs = error instanceof ProblemError ? error.problem.retryAfterMs : undefined;
    if (waitMs === undefined || asks === maxAsks) throw error;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return patiently(work, asks + 1);
  }
}

/** What a run would do. */
export async function readPlan(
  { mask, fields, size }: Omit<Order, 'image'> & { readonly size: { width: number; height: number } },
  signal: AbortSignal,
): Promise<Plan> {
  const form = new FormData();
  form.set('width', String(size.width));
  form.set('height', String(size.height));
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  if (mask !== undefined) form.set('mask', mask, 'mask.png');
  return askJson('plan', { method: 'POST', body: form, signal });
}

export interface Sending {
  /** 0..1 */
  readonly onSent: (fraction: number) => void;
  readonly signal: AbortSignal;
}

interface StartOptions extends Sending {
  /** Sent again with the same key, it is the same job. */
  readonly key: string;
}

/** Larger photos are sent in parts: Cloud Run passes on 32 MiB at once. */
const maxFormBytes = 24 * 1024 * 1024;

/** Starts a job. A lost answer is no second job: the key says that both are the same. */
export async function startJob(order: Order, options: StartOptions): Promise<Job> {
  const { image, mask, fields } = order;
  if (!(image instanceof File)) return postSources(image, order, options);
  if (image.size > maxFormBytes) {
    return postSources({ upload: await sendParts(image, options) }, order, options);
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  if (mask !== undefined) form.set('mask', mask, 'mask.png');
  form.set('image', image, image.name);
  return postForm(form, options);
}

/** By XMLHttpRequest: fetch does not tell how much has been sent. */
function postForm(form: FormData, { key, onSent, signal }: StartOptions): Promise<Job> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', 'jobs');
    for (const [name, value] of Object.entries({ ...ownHeaders, 'Idempotency-Key': key })) {
      request.setRequestHeader(name, value);
    }
    request.upload.addEventListener('progress', ({ loaded, total }) => onSent(loaded / Math.max(1, total)));
    request.addEventListener('load', () => {
      const response = new Response(request.responseText, { status: request.status });
      checked(response).then(async (answer) => resolve((await answer.json()) as Job), reject);
    });
    const fail = () => failed(new TypeError('The connection failed')).catch(reject);
    request.addEventListener('error', () => void fail());
    request.addEventListener('abort', () => signal.aborted && reject(signal.reason));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}

async function postSources(
  image: object,
  { mask, fields }: Order,
  { key, signal }: StartOptions,
): Promise<Job> {
  const body = { ...typed(fields), image, ...(mask && { mask: { base64: await base64Of(mask) } }) };
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
  return askJson('jobs', { method: 'POST', headers, body: JSON.stringify(body), signal });
}

/** JSON wants numbers and truth values as such. */
const typed = (fields: Fields) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (/^(true|false)$/.test(value)) return [name, value === 'true'];
      return [
        name,
        /Px$|^(samples|seed|steps|guidance|maskDilation|\w+Quality)$/.test(name) ? Number(value) : value,
      ];
    }),
  );

async function base64Of(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const partBytes = 0x8000;
  let text = '';
  for (let at = 0; at < bytes.length; at += partBytes) {
    text += String.fromCharCode(...bytes.subarray(at, at + partBytes));
  }
  return btoa(text);
}

/** @returns the id of the upload. */
export async function sendParts(image: File, { onSent, signal }: Sending): Promise<string> {
  const body = JSON.stringify({ name: image.name, sizeBytes: image.size, contentType: image.type });
  const headers = { 'Content-Type': 'application/json' };
  const { id, chunkBytes, location } = await askJson<{ id: string; chunkBytes: number; location: string }>(
    'uploads',
    { method: 'POST', headers, body, signal },
  );
  for (let from = 0; from < image.size; from += chunkBytes) {
    const part = image.slice(from, from + chunkBytes);
    const range = `bytes ${from}-${from + part.size - 1}/${image.size}`;
    // 308 says here that more is to come.
    await ask(location, {
      ...{ method: 'PUT', headers: { 'Content-Range': range }, body: part, signal },
      redirect: 'follow',
    });
    onSent((from + part.size) / image.size);
  }
  return id;
}

export const isOver = ({ state }: Job): boolean => ['succeeded', 'failed', 'cancelled'].includes(state);

/** How long one request waits for news, s. */
const waitS = 20;
/** How long to wait after each failed request, ms. */
const backOffMs = [1000, 2000, 5000] as const;

interface Following {
  readonly onNews: (job: Job) => void;
  readonly onOffline: () => void;
  readonly signal: AbortSignal;
}

/** Waits for the end of a job by long poll, over any number of lost connections. */
export async function followJob(first: Job, { onNews, onOffline, signal }: Following): Promise<Job> {
  let job = first;
  let etag = '';
  let failures = 0;
  onNews(job);
  while (!isOver(job)) {
    const headers = { Prefer: `wait=${waitS}`, 'If-None-Match': etag || '"none"' };
    try {
      const response = await ask(first.links.self, { headers, signal, cache: 'no-store' });
      failures = 0;
      if (response.status === 304) continue;
      etag = response.headers.get('etag') ?? '';
      job = (await response.json()) as Job;
      onNews(job);
    } catch (error) {
      if (signal.aborted || error instanceof ProblemError) throw error;
      onOffline();
      const ms = backOffMs[Math.min(failures++, backOffMs.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }
  return job;
}

export async function cancelJob({ links }: Job): Promise<void> {
  if (links.cancel !== undefined) await ask(links.cancel, { method: 'POST' });
}

/** The exact bytes of a file, in parts where it is large. */
export async function readBytes(href: string): Promise<Blob> {
  const parts: Blob[] = [];
  let from = 0;
  for (let size = 1; from < size; ) {
    const answer = await ask(href, { headers: { Range: `bytes=${from}-${from + maxFormBytes - 1}` } });
    size = Number(/\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1] ?? 0);
    const part = await answer.blob();
    from += part.size;
    parts.push(part);
  }
  return new Blob(parts, { type: parts[0]?.type ?? '' });
}

/**
 * A picture that the browser cannot decode, made smaller by the service. A job has more memory than the
 * function that answers the page: it makes what is too large there.
 */
export async function readPreview(
  href: string,
  { widthPx, image }: { readonly widthPx: number; readonly image: Exclude<Order['image'], File> },
): Promise<Blob> {
  try {
    return await patiently(async () => (await ask(`${href}/preview?w=${widthPx}`)).blob());
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== 'PREVIEW_TOO_LARGE') throw error;
    const { signal } = new AbortController();
    const sending = { key: crypto.randomUUID(), onSent: () => undefined, signal };
    const job = await startJob({ image, mask: undefined, fields: { only: 'preview' } }, sending);
    const { id, problem: failure } = await followJob(job, { ...quietly, signal });
    if (failure !== null) throw new ProblemError(failure);
    return readBytes(`jobs/${id}/preview`);
  }
}

const quietly = { onNews: () => undefined, onOffline: () => undefined };
