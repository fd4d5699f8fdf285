import type { EditReport } from '../../edit.ts';
import type { EditError, ErrorCode } from '../../errors.ts';
import type { ObjectInfo } from '../../storage/store.ts';
import type { Claim } from '../claim/claim.ts';
import { type InputSet, pipelineMajor } from '../inputs/identity.ts';
import type { Job } from '../inputs/plan.ts';

interface ManifestFacts {
  readonly job: Job;
  readonly claim: Claim;
  readonly outputs: readonly ObjectInfo[];
  readonly report: EditReport;
  readonly costEstimateUsd: number | undefined;
}

/** `manifest.json`, written last: what went in, what came out, and how. It lies beside the user's own pictures and may name the prompt. */
export function manifestOf({ job, claim, outputs, report, costEstimateUsd }: ManifestFacts): Uint8Array {
  return jsonFile({
    state: 'done',
    job: job.id,
    pipelineMajor,
    inputs: inputFacts(job.inputs),
    request: job.request,
    outputs: outputs.map(({ name, generation, crc32c, sizeBytes, contentType }) => ({
      name,
      generation,
      crc32c,
      sizeBytes,
      contentType,
    })),
    ...report,
    attempts: claim.attempts,
    claimedCalls: claim.modelCalls,
    costEstimateUsd: costEstimateUsd ?? null,
  });
}

/** Codes after which the same files may do when they are uploaded again. */
const reuploadHelps: ReadonlySet<ErrorCode> = new Set(['BUDGET_SPENT', 'IMAGE_TRUNCATED', 'ENGINE_DRIFTED']);

/** `error.json`: what went wrong, what to do, and whether uploading the same files again may help. */
export function errorFileOf(job: Job, error: EditError): Uint8Array {
  return jsonFile({
    state: 'failed',
    job: job.id,
    code: error.code,
    message: error.message,
    whatToDo: error.remedy,
    reuploadHelps: reuploadHelps.has(error.code),
    inputs: inputFacts(job.inputs),
  });
}

/** Custom metadata of `manifest.json` and `error.json`: a listing alone tells which inputs they speak of. */
export function terminalMetadata({ id, inputs }: Job): Record<string, string> {
  return { job: id, ...inputGenerations(inputs) };
}

export function inputGenerations({ image, mask, request }: InputSet): Record<string, string> {
  return {
    image: image.generation,
    mask: mask?.generation ?? 'none',
    request: request?.generation ?? 'none',
  };
}

function inputFacts({ image, mask, request }: InputSet) {
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
  return { image: facts(image), mask: facts(mask), request: facts(request) };
}

const jsonFile = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
