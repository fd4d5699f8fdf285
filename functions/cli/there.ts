import { randomUUID } from 'node:crypto';
import { EditError, isCode } from '../../lib/errors.ts';
import type { JobResource } from '../../lib/http-jobs/job-schema.ts';
import type { CommandLine } from './arguments.ts';
import type { Edited, Editing, OnStage, Order } from './editing.ts';
import { httpClient, type Send } from './http-client.ts';

/** Edits on a server: a studio, whatever the size, or a function `edit`. */
export function editingThere(
  { server = '', token, engine, model }: CommandLine,
  pausesMs?: readonly number[],
): Editing {
  const send = httpClient(server, token, pausesMs);
  let found: Promise<Editing> | undefined;
  const editing = (signal: AbortSignal) => {
    found ??= isStudio(send, signal).then((is) => (is ? studio(send) : edits(send)));
    return found;
  };
  const chosen = { ...(engine && { engine }), ...(model && { model }) };
  const withEngine = (order: Order): Order => ({ ...order, fields: { ...order.fields, ...chosen } });
  return {
    edit: async (order, onStage, signal) => (await editing(signal)).edit(withEngine(order), onStage, signal),
    plan: async (order, signal) => (await editing(signal)).plan(withEngine(order), signal),
  };
}

async function isStudio(send: Send, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await send('/capabilities', {}, signal);
    return Array.isArray(((await response.json()) as { engines?: unknown }).engines);
  } catch (error) {
    if (error instanceof EditError && ['METHOD_NOT_ALLOWED', 'NOT_FOUND'].includes(error.code)) return false;
    throw error;
  }
}

const blobOf = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>]);

function formOf({ image, imageName, mask, keep, fields }: Order): FormData {
  const form = new FormData();
  form.set('image', blobOf(image), imageName);
  if (mask !== undefined) form.set('mask', blobOf(mask), 'mask.png');
  if (keep !== undefined) form.set('keep', blobOf(keep), 'keep.png');
  for (const [name, value] of Object.entries(fields))
    form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  return form;
}

const extensionOf = (mediaType: string) =>
  mediaType.split('/')[1]?.split(';')[0]?.replace('jpeg', 'jpg') ?? 'bin';

function edits(send: Send): Editing {
  return {
    async edit(order, onStage, signal) {
      onStage('ask');
      const headers = { accept: 'application/json' };
      const response = await send('', { method: 'POST', headers, body: formOf(order) }, signal);
      const { outputs, report } = (await response.json()) as {
        outputs: { mediaType: string; bytesBase64Encoded: string }[];
        report: { engine: string; warnings: string[]; proofs: unknown[] };
      };
      const cost = response.headers.get('inpaint-cost-usd');
      return {
        outputs: outputs.map(({ mediaType, bytesBase64Encoded }) => ({
          bytes: Buffer.from(bytesBase64Encoded, 'base64'),
          extension: extensionOf(mediaType),
        })),
        ...{ engine: report.engine, warnings: report.warnings, proof: report.proofs[0] ?? null },
        ...{ costEstimateUsd: cost === null ? null : Number(cost), manifest: report },
      };
    },
    async plan(order, signal) {
      return (await send('?dryRun=true', { method: 'POST', body: formOf(order) }, signal)).json();
    },
  };
}

function studio(send: Send): Editing {
  return {
    async edit(order, onStage, signal) {
      const headers = { 'idempotency-key': randomUUID() };
      const { init } = await bodyOf(order, send, signal);
      const created = await send('/jobs', { ...init, headers: { ...init.headers, ...headers } }, signal);
      const { id } = (await created.json()) as JobResource;
      try {
        return await fetchResult(await ended(id, send, onStage, signal), send, signal);
      } catch (error) {
        // Whoever interrupts the command wants no further call of a model.
        if (signal.aborted)
          await send(`/jobs/${id}/cancel`, { method: 'POST' }, cancelSignal()).catch(() => {});
        throw error;
      }
    },
    async plan(order, signal) {
      const { init } = await bodyOf(order, send, signal);
      return (await send('/jobs?dryRun=true', init, signal)).json();
    },
  };
}

const cancelMs = 5000;
const cancelSignal = () => AbortSignal.timeout(cancelMs);

/** Larger pictures are sent in parts. */
const maxFormBytes = 24 * 1024 * 1024;
const partBytes = 8 * 1024 * 1024;

interface Init {
  readonly method: 'POST';
  readonly headers: Record<string, string>;
  readonly body: FormData | string;
}

async function bodyOf(order: Order, send: Send, signal: AbortSignal): Promise<{ readonly init: Init }> {
  const base64 = (bytes: Uint8Array | undefined) =>
    bytes && { base64: Buffer.from(bytes).toString('base64') };
  const { mask, keep } = order;
  const sizeBytes = order.image.length + (mask?.length ?? 0) + (keep?.length ?? 0);
  if (sizeBytes <= maxFormBytes) return { init: { method: 'POST', headers: {}, body: formOf(order) } };
  const upload = await uploaded(order, send, signal);
  const body = JSON.stringify({ ...order.fields, image: { upload }, mask: base64(mask), keep: base64(keep) });
  return { init: { method: 'POST', headers: { 'content-type': 'application/json' }, body } };
}

async function uploaded({ image, imageName }: Order, send: Send, signal: AbortSignal): Promise<string> {
  const wanted = { name: imageName, sizeBytes: image.length, contentType: 'image/any' };
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(wanted) };
  const { id, location } = (await (await send('/uploads', init, signal)).json()) as {
    id: string;
    location: string;
  };
  for (let first = 0; first < image.length; first += partBytes) {
    const part = image.subarray(first, first + partBytes) as Uint8Array<ArrayBuffer>;
    const range = `bytes ${first}-${first + part.length - 1}/${image.length}`;
    const type = 'application/octet-stream';
    const sent = { 'content-range': range, 'content-type': type };
    await send(`/${location}`, { method: 'PUT', headers: sent, body: part }, signal);
  }
  return id;
}

/** Waits for the end of a job. @throws {EditError} what ended it. */
async function ended(id: string, send: Send, onStage: OnStage, signal: AbortSignal): Promise<JobResource> {
  let etag = '';
  for (;;) {
    const headers = { prefer: 'wait=20', ...(etag && { 'if-none-match': etag }) };
    const response = await send(`/jobs/${id}`, { headers }, signal);
    if (response.status === 304) continue;
    etag = response.headers.get('etag') ?? '';
    const job = (await response.json()) as JobResource;
    if (job.state === 'succeeded') return job;
    if (job.problem !== null) {
      const { code, detail } = job.problem;
      throw isCode(code) ? new EditError(code, detail) : new EditError('INTERNAL', `${code}: ${detail}`);
    }
    onStage(job.progress?.stage ?? job.state, job.progress?.fraction);
  }
}

async function fetchResult(job: JobResource, send: Send, signal: AbortSignal): Promise<Edited> {
  const outputs: { bytes: Uint8Array; extension: string }[] = [];
  const beside = [
    job.mask && { ...job.mask, mediaType: 'image/png' },
    job.preview && { ...job.preview, mediaType: 'image/webp' },
  ];
  const files = job.outputs.length > 0 ? job.outputs : beside.filter((file) => file !== null);
  for (const { href, sizeBytes, mediaType } of files) {
    const parts: Buffer[] = [];
    for (let start = 0; start < sizeBytes; start += partBytes) {
      const headers = { range: `bytes=${start}-${Math.min(start + partBytes, sizeBytes) - 1}` };
      const part = await send(`/${href}`, { headers }, signal);
      parts.push(Buffer.from(await part.arrayBuffer()));
    }
    outputs.push({ bytes: Buffer.concat(parts), extension: extensionOf(mediaType) });
  }
  const manifest = (await (await send(`/jobs/${job.id}/manifest`, {}, signal)).json()) as { engine: string };
  const { warnings, costEstimateUsd } = job;
  const proof = job.outputs[0]?.proof ?? null;
  return { outputs, engine: manifest.engine, warnings, proof, costEstimateUsd, manifest };
}
