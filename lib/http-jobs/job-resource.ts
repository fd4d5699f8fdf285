import { EditError, type ErrorCode, errorCodes } from '../errors.ts';
import { asksModel, modelCallsOf } from '../jobs/run/cost.ts';
import { type Stage, stages } from '../jobs/run/progress.ts';
import type { JobResource, JobState, Problem } from './job-schema.ts';
import type { Failure, JobFacts, Manifest } from './read-job.ts';

/** An error as a problem of RFC 9457. */
type ProblemOf = (error: EditError) => Problem;

/** A job as callers see it. */
export function jobResource(facts: JobFacts, outputBucket: string, problemOf: ProblemOf): JobResource {
  const { id, claim, manifest } = facts;
  const state = stateOf(facts);
  const hasEnded = state !== 'pending' && state !== 'running' && state !== 'waiting';
  const shown = state === 'succeeded' ? manifest : undefined;
  const failure = failureOf(facts);
  return {
    ...{ id, state, createdAt: facts.createdAt, updatedAt: facts.updatedAt },
    image: { name: facts.imageName, ...shown?.image },
    progress: progressOf(facts, state),
    ...(state === 'waiting' && claim !== undefined && { waiting: waitOf(claim) }),
    costEstimateUsd: shown?.costEstimateUsd ?? null,
    attempts: claim?.state.attempts ?? 0,
    outputs: (shown?.outputs ?? []).map((_, at) => outputOf(id, shown!, { at, outputBucket })),
    ...{ mask: maskOf(id, shown, outputBucket), preview: previewOf(id, shown, outputBucket) },
    warnings: shown?.warnings ?? [],
    problem: failure === undefined || state === 'succeeded' ? null : problemOf(errorOf(failure)),
    links: {
      self: `jobs/${id}`,
      ...(!hasEnded && { cancel: `jobs/${id}/cancel` }),
      ...(shown !== undefined && { manifest: `jobs/${id}/manifest` }),
    },
  };
}

/** Where both files exist, the error file counts: a listing has it first. */
export function stateOf({ claim, manifest, failure }: JobFacts): JobState {
  if (failure !== undefined) return failure.code === 'CANCELLED_BY_CALLER' ? 'cancelled' : 'failed';
  if (manifest !== undefined) return 'succeeded';
  const state = claim?.state.state;
  if (state === 'FAILED') return 'failed';
  if (state === 'RUNNING' || state === 'DONE') return 'running';
  // A run that was told to stop: the next one may begin at once.
  return state === 'WAIT' && claim?.state.code !== 'CANCELLED' ? 'waiting' : 'pending';
}

/** Where the name of an error file has no room, the claim tells. */
function failureOf({ claim, failure }: JobFacts): Failure | undefined {
  if (failure !== undefined || claim?.state.state !== 'FAILED') return failure;
  const { code, lastError } = claim.state;
  return { code, message: lastError?.message ?? 'Expected a result, got a failure' };
}

const isCode = (code: string): code is ErrorCode => (errorCodes as readonly string[]).includes(code);

/** A file of another version may hold a code that this one does not know. */
const errorOf = ({ code, message }: Failure) => new EditError(isCode(code) ? code : 'INTERNAL', message);

function waitOf({ state, info }: NonNullable<JobFacts['claim']>) {
  const retryAt = new Date(Date.parse(info.updated) + state.waitMs).toISOString();
  return { code: state.code, retryAt };
}

function progressOf({ claim, progress }: JobFacts, state: JobState): JobResource['progress'] {
  if (state === 'failed' || state === 'cancelled') return null;
  const engine = claim?.info.metadata['engine'];
  const made = claim === undefined ? 0 : modelCallsOf(claim.state, engine);
  if (state === 'succeeded') return { stage: 'publish', calls: { made, planned: made }, fraction: 1 };
  const { stage = 'queued', region = '0/0', fraction = '0' } = progress?.metadata ?? {};
  const [index = 0, of = 0] = region.split('/').map(Number);
  return {
    stage: (stages as readonly string[]).includes(stage) ? (stage as Stage) : 'queued',
    ...(index > 0 && { region: { index, of } }),
    calls: { made, planned: asksModel(engine) ? Math.max(made, of) : made },
    fraction: Math.min(Number(fraction) || 0, 0.999),
  };
}

function maskOf(id: string, manifest: Manifest | undefined, outputBucket: string): JobResource['mask'] {
  if (manifest?.mask === undefined) return null;
  const { name, sizeBytes, finder, found } = manifest.mask;
  const href = `jobs/${id}/mask`;
  const place = { href, previewHref: `${href}/preview`, uri: `gs://${outputBucket}/${name}`, sizeBytes };
  return { ...place, coverage: manifest.maskCoverage ?? null, finder, found };
}

function previewOf(id: string, manifest: Manifest | undefined, outputBucket: string): JobResource['preview'] {
  if (manifest?.preview === undefined) return null;
  const { name, sizeBytes } = manifest.preview;
  return { href: `jobs/${id}/preview`, uri: `gs://${outputBucket}/${name}`, sizeBytes };
}

function outputOf(
  id: string,
  { outputs, regions, proofs }: Manifest,
  { at, outputBucket }: { readonly at: number; readonly outputBucket: string },
): JobResource['outputs'][number] {
  const { name, contentType: mediaType, sizeBytes } = outputs[at]!;
  const index = at + 1;
  const href = `jobs/${id}/outputs/${index}`;
  // The outputs are sorted by their fits, the best first.
  const fits = regions.flatMap((region) => [...region.fits].sort((a, b) => a.cost - b.cost)[at] ?? []);
  const worst = (key: 'cost' | 'seam' | 'driftPx') =>
    fits.length === 0 ? null : Math.max(...fits.map((fit) => fit[key]));
  return {
    ...{ index, mediaType, sizeBytes, uri: `gs://${outputBucket}/${name}` },
    ...{ href, previewHref: `${href}/preview` },
    ...{ cost: worst('cost'), seam: worst('seam'), driftPx: worst('driftPx') },
    proof: proofs[at] ?? null,
  };
}
