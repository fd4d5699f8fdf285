import { z } from 'zod';
import type { EditReport, EditResult } from '../../edit.ts';
import type { EncodedImage } from '../../engines/engine.ts';
import type { Usage } from '../../engines/usage.ts';
import { EditError, type ErrorCode } from '../../errors.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../storage/store.ts';
import type { Claim } from '../claim/claim.ts';
import { type InputSet, inputGenerations, pipelineMajor } from '../inputs/identity.ts';
import { hasRoomForError, outputNames } from '../inputs/names.ts';
import type { Job } from '../inputs/plan.ts';

interface PublishTarget {
  readonly store: ObjectStore;
  readonly outputBucket: string;
  readonly signal: AbortSignal;
}

interface Publication {
  readonly job: Job;
  readonly claim: Claim;
  readonly result: EditResult;
  readonly costEstimateUsd: number | undefined;
  readonly usage?: Usage;
}

/**
 * Whoever cancels a job writes its error file. A run looks for it before each call of the model and before
 * the manifest.
 *
 * @throws {EditError} `CANCELLED_BY_CALLER`.
 */
export async function assertWanted(
  job: Job,
  {
    store,
    buckets,
    signal,
  }: Pick<PublishTarget, 'store' | 'signal'> & { readonly buckets: { readonly output: string } },
): Promise<void> {
  const { name } = job.inputs.image;
  if (!hasRoomForError(name)) return;
  const id = { bucket: buckets.output, name: outputNames(name, job.id).error };
  if ((await store.stat(id, signal)) === undefined) return;
  throw new EditError('CANCELLED_BY_CALLER', 'Expected a job that is wanted, got one that was cancelled');
}

/**
 * Writes every output, then the manifest; an object that exists is left as it is. Another run of this job
 * wrote the same.
 *
 * @throws {EditError} `CANCELLED_BY_CALLER`; then there is no manifest.
 */
export async function publishResult(
  { job, claim, result, costEstimateUsd, usage }: Publication,
  { store, outputBucket, signal }: PublishTarget,
): Promise<void> {
  const names = outputNames(job.inputs.image.name, job.id);
  const outputs: ObjectInfo[] = [];
  for (const [index, { bytes, mediaType, extension }] of result.outputs.entries()) {
    const id = {
      bucket: outputBucket,
      name: names.output(index + 1, extensionLike(job.inputs.image.name, extension)),
    };
    const { info } = await store.create(id, bytes, { contentType: mediaType, signal });
    outputs.push(info);
  }
  const create = (image: EncodedImage | undefined, name: string) =>
    createBeside(image, { bucket: outputBucket, name }, { store, signal });
  const mask = await create(result.mask, names.mask);
  const preview = await create(result.preview, names.preview);
  await assertWanted(job, { store, buckets: { output: outputBucket }, signal });
  const facts = { job, claim, outputs, mask, preview, report: result.report, costEstimateUsd, usage };
  const manifest = manifestOf(facts);
  await createTerminal({ bucket: outputBucket, name: names.manifest }, manifest, { store, job, signal });
}

/** Writes what lies beside the outputs: a mask that nobody sent, for a person to correct, or a preview. */
async function createBeside(
  image: EncodedImage | undefined,
  id: ObjectId,
  { store, signal }: { readonly store: ObjectStore; readonly signal: AbortSignal },
): Promise<ObjectInfo | undefined> {
  if (image === undefined) return undefined;
  const { info } = await store.create(id, image.bytes, { contentType: image.mediaType, signal });
  return info;
}

/** Extensions of one format. */
const synonyms: readonly (readonly string[])[] = [
  ['jpg', 'jpeg', 'jpe', 'jfif'],
  ['tiff', 'tif'],
];

/** An output of the format of its picture has the extension that the user has for it. */
function extensionLike(imageName: string, extension: string): string {
  const own = imageName.slice(imageName.lastIndexOf('.') + 1).toLowerCase();
  return synonyms.some((names) => names.includes(own) && names.includes(extension)) ? own : extension;
}

/** Writes `error.json` in the place of the results. Where its name has no room, sweep and status tell. */
export async function publishError(
  job: Job,
  error: EditError,
  { store, outputBucket, signal }: PublishTarget,
): Promise<void> {
  if (!hasRoomForError(job.inputs.image.name)) return;
  const id = { bucket: outputBucket, name: outputNames(job.inputs.image.name, job.id).error };
  await createTerminal(id, errorFileOf(job, error), { store, job, signal, code: error.code });
}

async function createTerminal(
  id: { readonly bucket: string; readonly name: string },
  bytes: Uint8Array,
  { store, job, signal, code }: { store: ObjectStore; job: Job; signal: AbortSignal; code?: ErrorCode },
): Promise<void> {
  const metadata = {
    job: job.id,
    ...inputGenerations(job.inputs),
    ...(job.round === undefined ? {} : { round: String(job.round) }),
    ...(code && { code }),
  };
  await store.create(id, bytes, { contentType: 'application/json', metadata, signal });
}

interface ManifestFacts {
  readonly job: Job;
  readonly claim: Claim;
  readonly outputs: readonly ObjectInfo[];
  /** The mask beside them, where it was found or grown. */
  readonly mask?: ObjectInfo | undefined;
  readonly preview?: ObjectInfo | undefined;
  readonly report: EditReport;
  readonly costEstimateUsd: number | undefined;
  readonly usage?: Usage | undefined;
}

/**
 * `manifest.json`, written last: inputs, outputs and report of a job. It lies beside the user's own pictures,
 * so it may hold the prompt.
 */
export function manifestOf(facts: ManifestFacts): Uint8Array {
  const { job, claim, outputs, mask, preview, report, costEstimateUsd, usage } = facts;
  return jsonFile({
    state: 'done',
    job: job.id,
    round: job.round,
    pipelineMajor,
    inputs: inputFacts(job.inputs),
    request: job.request,
    outputs: outputs.map(outputFacts),
    ...report,
    ...(mask && { mask: { ...outputFacts(mask), ...report.mask } }),
    ...(preview && { preview: outputFacts(preview) }),
    attempts: claim.attempts,
    claimedCalls: claim.modelCalls,
    costEstimateUsd: costEstimateUsd ?? null,
    ...(usage && { usage }),
  });
}

const outputFacts = ({ name, generation, crc32c, sizeBytes, contentType }: ObjectInfo) => ({
  name,
  generation,
  crc32c,
  sizeBytes,
  contentType,
});

/** Codes after which the same files may succeed when they are uploaded again. */
const reuploadHelps: ReadonlySet<ErrorCode> = new Set([
  'BUDGET_SPENT',
  'IMAGE_TRUNCATED',
  'ENGINE_DRIFTED',
  'ENGINE_UNEDITED',
]);

/**
 * `error.json`: the error, what to do, and whether it may help to upload the same files again. Where an error
 * only ended a row of others, `cause` is the last of them.
 */
export function errorFileOf(job: Job, error: EditError): Uint8Array {
  const cause = error.code === 'BUDGET_SPENT' && error.cause instanceof EditError ? error.cause : undefined;
  const helps = reuploadHelps.has(error.code) && cause?.kind !== 'bug';
  const advice = [cause?.remedy, helps || cause === undefined ? error.remedy : undefined];
  return jsonFile({
    state: 'failed',
    job: job.id,
    round: job.round,
    code: error.code,
    message: error.message,
    whatToDo: advice.filter((text) => text !== undefined).join(' '),
    reuploadHelps: helps,
    ...(cause === undefined ? {} : { cause: { code: cause.code, message: cause.message } }),
    inputs: inputFacts(job.inputs),
  });
}

/** What is read of an error file. */
export const failureSchema = z.object({ code: z.string(), message: z.string() });
export const maxFailureBytes = 1024 * 1024;

function inputFacts({ image, mask, request, keep }: InputSet) {
  const facts = (info: ObjectInfo | undefined) =>
    info === undefined
      ? null
      : {
          bucket: info.bucket,
          name: info.name,
          generation: info.generation,
          crc32c: info.crc32c,
          sizeBytes: info.sizeBytes,
          contentType: info.contentType,
          timeCreated: info.timeCreated,
        };
  return {
    image: facts(image),
    mask: facts(mask),
    request: facts(request),
    ...(keep && { keep: facts(keep) }),
  };
}

const jsonFile = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
