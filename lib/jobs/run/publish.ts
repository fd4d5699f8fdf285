import type { EditResult } from '../../edit.ts';
import type { EditError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import type { Claim } from '../claim/claim.ts';
import { outputNames } from '../inputs/names.ts';
import type { Job } from '../inputs/plan.ts';
import { errorFileOf, manifestOf, terminalMetadata } from './manifest.ts';

interface PublishTarget {
  readonly store: ObjectStore;
  readonly outputBucket: string;
  readonly signal: AbortSignal;
}

export interface Publication {
  readonly job: Job;
  readonly claim: Claim;
  readonly result: EditResult;
  readonly costEstimateUsd: number | undefined;
}

/**
 * Writes every output, then the manifest, each only if it is not there: whoever ran this job before, or
 * runs it at the same time, wrote the same, and what exists is never changed.
 */
export async function publishResult(
  { job, claim, result, costEstimateUsd }: Publication,
  { store, outputBucket, signal }: PublishTarget,
): Promise<readonly ObjectInfo[]> {
  const names = outputNames(job.inputs.image.name, job.id);
  const outputs: ObjectInfo[] = [];
  for (const [index, { bytes, mediaType, extension }] of result.outputs.entries()) {
    const id = { bucket: outputBucket, name: names.output(index + 1, extension) };
    const { info } = await store.create(id, bytes, { contentType: mediaType, signal });
    outputs.push(info);
  }
  const manifest = manifestOf({ job, claim, outputs, report: result.report, costEstimateUsd });
  await createTerminal({ bucket: outputBucket, name: names.manifest }, manifest, { store, job, signal });
  return outputs;
}

/** Writes `error.json` where the result would be. */
export async function publishError(
  job: Job,
  error: EditError,
  { store, outputBucket, signal }: PublishTarget,
): Promise<void> {
  const id = { bucket: outputBucket, name: outputNames(job.inputs.image.name, job.id).error };
  await createTerminal(id, errorFileOf(job, error), { store, job, signal });
}

async function createTerminal(
  id: { readonly bucket: string; readonly name: string },
  bytes: Uint8Array,
  { store, job, signal }: { store: ObjectStore; job: Job; signal: AbortSignal },
): Promise<void> {
  await store.create(id, bytes, { contentType: 'application/json', metadata: terminalMetadata(job), signal });
}
