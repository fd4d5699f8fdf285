import { EditError } from '../errors.ts';
import { isPicture, readName } from '../jobs/inputs/names.ts';
import { type Job, type PlanOptions, planJob } from '../jobs/inputs/plan.ts';
import { parseRequest } from '../requests/edit-request.ts';
import { crc32cBase64 } from '../storage/crc32c.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../storage/store.ts';
import type { Transfers } from '../storage/transfers.ts';
import { safeName } from './names.ts';

/** A file of a job: bytes that came with the request, or an object that is copied. */
export type JobFile =
  | { readonly bytes: Uint8Array; readonly fileName: string; readonly contentType: string }
  | { readonly object: ObjectInfo; readonly fileName: string };

export interface JobOrder {
  readonly image: JobFile;
  readonly mask: JobFile | undefined;
  /** What is not to be copied into the fill. */
  readonly keep?: JobFile | undefined;
  /** Fields of the request, as they were sent. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface SubmitOptions {
  readonly store: ObjectStore;
  readonly transfers: Transfers;
  readonly buckets: { readonly input: string; readonly control: string };
  readonly plan: PlanOptions;
}

/**
 * Refuses what could only fail later.
 *
 * @throws {EditError} `REQUEST_INVALID`, `MASK_MISSING`; `ENGINE_UNSUPPORTED` of `makesOwnMask`.
 */
export function assertOrder(
  { mask, fields }: JobOrder,
  { requestDefaults, makesOwnMask }: PlanOptions,
): void {
  const request = parseRequest({ ...requestDefaults, ...fields });
  const needsMask = !makesOwnMask(request);
  if (mask === undefined && needsMask) throw new EditError('MASK_MISSING', 'Expected a mask, got none');
}

/** What makes two orders the same. */
export function orderFacts({ image, mask, keep, fields }: JobOrder): object {
  const checksum = (file: JobFile) => ('bytes' in file ? crc32cBase64(file.bytes) : file.object.crc32c);
  return { fields, image: checksum(image), mask: mask && checksum(mask), keep: keep && checksum(keep) };
}

/**
 * Writes the files of a job into a folder of the input bucket, as a user would drop them: the picture last,
 * because it completes the pair. May be called again after a crash: what exists stays.
 */
export async function submitJob(
  { image, mask, keep, fields }: JobOrder,
  folder: string,
  options: SubmitOptions,
  signal: AbortSignal,
): Promise<Job> {
  const { store, buckets, plan } = options;
  const name = pictureName(image.fileName);
  const stem = readName(name)?.stem ?? name;
  const at = (file: string): ObjectId => ({ bucket: buckets.input, name: `${folder}${file}` });
  const text = new TextEncoder().encode(JSON.stringify(fields));
  const json = { bytes: text, fileName: '', contentType: 'application/json' };
  const request = await put(json, at(`${stem}.json`), options, signal);
  const ofMask = mask && (await put(mask, at(`${stem}.mask.png`), options, signal));
  const ofKeep = keep && (await put(keep, at(`${stem}.keep.png`), options, signal));
  const ofImage = await put(image, at(name), options, signal);
  const inputs = { image: ofImage, mask: ofMask, request, ...(ofKeep && { keep: ofKeep }) };
  const job = await planJob(store, inputs, plan, signal);
  if (job === undefined) throw new EditError('MASK_MISSING', 'Expected a mask, got none');
  await record(job, { store, bucket: buckets.control, engine: plan.engine }, signal);
  return job;
}

async function put(
  file: JobFile,
  to: ObjectId,
  { store, transfers }: SubmitOptions,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  if ('bytes' in file)
    return (await store.create(to, file.bytes, { contentType: file.contentType, signal })).info;
  const copied = await transfers.copy(file.object, to, signal);
  if (copied !== undefined) return copied;
  throw new EditError('URI_NOT_ALLOWED', 'Expected an object of the input or the output bucket, got another');
}

/** The name of the picture in its folder: one that is read as a picture and as nothing else. */
function pictureName(fileName: string): string {
  const name = safeName(fileName);
  const read = readName(name);
  if (read?.role === 'image' && read.dashed === undefined) return name;
  const extension = name.includes('.') ? name.slice(name.lastIndexOf('.')) : '';
  const other = `picture${extension}`;
  return isPicture({ name: other, contentType: 'image/any' }) ? other : 'picture';
}

interface RecordOptions {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly engine: string;
}

/** From now on the job is found by its id. */
async function record(
  job: Job,
  { store, bucket, engine }: RecordOptions,
  signal: AbortSignal,
): Promise<void> {
  const { image, mask } = job.inputs;
  const ofMask = mask && { mask: mask.name, maskGeneration: mask.generation };
  const metadata = { image: image.name, generation: image.generation, engine, ...ofMask };
  const contentType = 'application/octet-stream';
  const id = { bucket, name: recordName(job.id) };
  await store.create(id, new Uint8Array(), { contentType, metadata, signal });
}

export const recordPrefix = 'http-jobs/';
export const recordName = (job: string): string => `${recordPrefix}${job}`;
