/**
 * What the page reads of the answers of `jobs`, `plan` and `capabilities`; addresses are relative to the
 * page.
 */

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly remedy?: string;
  readonly trace?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  readonly retryAfterMs?: number;
}

export interface JobOutput {
  readonly index: number;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly uri: string;
  readonly href: string;
  readonly cost: number | null;
  readonly seam: number | null;
  readonly proof: {
    readonly outside: string;
    readonly comparedPixels?: number;
    readonly differingPixels?: number;
  } | null;
}

export interface Job {
  readonly id: string;
  readonly state: 'pending' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled';
  readonly progress: {
    readonly stage: string;
    readonly region?: { readonly index: number; readonly of: number };
    readonly calls: { readonly made: number; readonly planned: number };
    readonly fraction: number;
  } | null;
  readonly outputs: readonly JobOutput[];
  readonly warnings: readonly string[];
  readonly problem: Problem | null;
  readonly links: { readonly self: string; readonly cancel?: string; readonly manifest?: string };
}

export interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly description?: string;
}

export interface EngineFacts {
  readonly name: string;
  readonly model: string | null;
  readonly modes: readonly string[];
  readonly automaticMasks: readonly string[];
  readonly options: Readonly<Record<string, { readonly insertionOnly?: boolean; readonly note?: string }>>;
}

export interface Capabilities {
  readonly engine: string;
  readonly engines: readonly EngineFacts[];
  readonly fields: { readonly properties: Readonly<Record<string, FieldSchema>> };
  readonly limits: { readonly maxImageBytes: number; readonly maxImagePixels: number };
  readonly formats: readonly { readonly name: string; readonly mediaType: string }[];
}

export interface Plan {
  readonly regions: readonly unknown[];
  readonly costEstimateUsd: { readonly min: number; readonly max: number } | null;
  readonly warnings: readonly string[];
}

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

async function checked(response: Response): Promise<Response> {
  if (response.ok || response.status === 304 || response.status === 308) return response;
  const unknown = {
    code: `HTTP_${response.status}`,
    detail: `Expected an answer, got status ${response.status}`,
  };
  throw new ProblemError((await response.json().catch(() => unknown)) as Problem);
}

export async function readCapabilities(): Promise<Capabilities> {
  return (await checked(await fetch('capabilities'))).json() as Promise<Capabilities>;
}

export type Fields = Readonly<Record<string, string>>;

export interface Order {
  /** The file as it was opened, or the address of an earlier result. */
  readonly image: File | { readonly uri: string };
  readonly mask: Blob | undefined;
  readonly fields: Fields;
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
  const response = await fetch('plan', { method: 'POST', body: form, signal });
  return (await checked(response)).json() as Promise<Plan>;
}

export interface Sending {
  /** 0..1 */
  readonly onSent: (fraction: number) => void;
  readonly signal: AbortSignal;
}

/** Larger photos are sent in parts: Cloud Run passes on 32 MiB at once. */
const maxFormBytes = 24 * 1024 * 1024;

/** Starts a job. A lost answer is no second job: the key says that both are the same. */
export async function startJob(order: Order, sending: Sending): Promise<Job> {
  const { image, mask, fields } = order;
  if (!(image instanceof File)) return postSources(image, order);
  if (image.size > maxFormBytes) return postSources({ upload: await sendParts(image, sending) }, order);
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  if (mask !== undefined) form.set('mask', mask, 'mask.png');
  form.set('image', image, image.name);
  return postForm(form, sending);
}

/** By XMLHttpRequest: fetch does not tell how much has been sent. */
function postForm(form: FormData, { onSent, signal }: Sending): Promise<Job> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', 'jobs');
    request.setRequestHeader('Idempotency-Key', crypto.randomUUID());
    request.upload.addEventListener('progress', ({ loaded, total }) => onSent(loaded / Math.max(1, total)));
    request.addEventListener('load', () => {
      const response = new Response(request.responseText, { status: request.status });
      checked(response).then(async (answer) => resolve((await answer.json()) as Job), reject);
    });
    request.addEventListener('error', () => reject(new TypeError('The connection failed')));
    request.addEventListener('abort', () => reject(signal.reason));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}

async function postSources(image: object, { mask, fields }: Order): Promise<Job> {
  const body = { ...typed(fields), image, ...(mask && { mask: { base64: await base64Of(mask) } }) };
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() };
  const response = await fetch('jobs', { method: 'POST', headers, body: JSON.stringify(body) });
  return (await checked(response)).json() as Promise<Job>;
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
async function sendParts(image: File, { onSent, signal }: Sending): Promise<string> {
  const body = JSON.stringify({ name: image.name, sizeBytes: image.size, contentType: image.type });
  const headers = { 'Content-Type': 'application/json' };
  const started = await checked(await fetch('uploads', { method: 'POST', headers, body, signal }));
  const { id, chunkBytes, location } = (await started.json()) as {
    id: string;
    chunkBytes: number;
    location: string;
  };
  for (let from = 0; from < image.size; from += chunkBytes) {
    const part = image.slice(from, from + chunkBytes);
    const range = `bytes ${from}-${from + part.size - 1}/${image.size}`;
    await checked(
      await fetch(location, { method: 'PUT', headers: { 'Content-Range': range }, body: part, signal }),
    );
    onSent((from + part.size) / image.size);
  }
  return id;
}

export const isOver = ({ state }: Job): boolean => ['succeeded', 'failed', 'cancelled'].includes(state);

/** How long one request waits for news, s. */
const waitS = 20;
/** How long to wait after each failed request, ms. */
const backOffMs = [1000, 2000, 5000] as const;

export interface Following {
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
      const response = await checked(await fetch(first.links.self, { headers, signal, cache: 'no-store' }));
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
  if (links.cancel !== undefined) await checked(await fetch(links.cancel, { method: 'POST' }));
}

/** The exact bytes of an output, in parts where it is large. */
export async function readOutput({ href, sizeBytes, mediaType }: JobOutput): Promise<Blob> {
  const parts: Blob[] = [];
  for (let from = 0; from < sizeBytes; from += maxFormBytes) {
    const range = `bytes=${from}-${Math.min(sizeBytes, from + maxFormBytes) - 1}`;
    parts.push(await (await checked(await fetch(href, { headers: { Range: range } }))).blob());
  }
  return new Blob(parts, { type: mediaType });
}
