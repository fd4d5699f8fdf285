import { z } from 'zod';
import type { Claim } from '../jobs/claim/claim.ts';
import { observeClaim } from '../jobs/claim/claim-store.ts';
import { controlNames, imageOfVersion, outputNames } from '../jobs/inputs/names.ts';
import { lastEnd, terminalsByImage } from '../jobs/inputs/window.ts';
import { askedAgain } from '../jobs/rounds.ts';
import { progressName } from '../jobs/run/progress.ts';
import { failureSchema } from '../jobs/run/publish.ts';
import { jsonText } from '../requests/plain-json.ts';
import { listAll, type ObjectInfo, type ObjectStore } from '../storage/store.ts';
import { recordName } from './submit.ts';

/** All that the buckets know of a job. */
export interface JobFacts {
  readonly id: string;
  /** Name of its picture in the input bucket. */
  readonly imageName: string;
  /** Picture and mask, where the job was created over HTTP or has ended well. */
  readonly inputs: { readonly image?: InputName; readonly mask?: InputName };
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly claim: { readonly state: Claim; readonly info: ObjectInfo } | undefined;
  readonly progress: ObjectInfo | undefined;
  readonly manifest: Manifest | undefined;
  readonly failure: Failure | undefined;
}

interface InputName {
  readonly name: string;
  readonly generation: string;
}

export interface ReadOptions {
  readonly store: ObjectStore;
  readonly buckets: { readonly input: string; readonly output: string; readonly control: string };
}

const fit = z.object({ cost: z.number(), seam: z.number(), driftPx: z.number() });
const inputSchema = z.object({ name: z.string(), generation: z.string() });
const fileSchema = z.object({
  name: z.string(),
  generation: z.string(),
  crc32c: z.string(),
  sizeBytes: z.number(),
  contentType: z.string(),
});
const labelSchema = z.object({ label: z.string(), score: z.number().optional() });
/** As much of a manifest as a job shows; those of version 0.1 have no fits. */
const manifestSchema = z.object({
  outputs: z.array(fileSchema),
  mask: z
    .object({
      ...fileSchema.shape,
      finder: z.string().default('user'),
      found: z.array(labelSchema).default([]),
    })
    .optional()
    // Where the engine made its own mask in an early version, no file lies beside the outputs.
    .catch(undefined),
  maskCoverage: z.number().optional().catch(undefined),
  preview: fileSchema.optional().catch(undefined),
  inputs: z.object({ image: inputSchema, mask: inputSchema.nullable() }),
  image: z.object({ format: z.string(), width: z.number(), height: z.number() }),
  regions: z.array(z.object({ fits: z.array(fit).default([]) })).default([]),
  proofs: z
    .array(z.object({ outside: z.enum(['exact', 'touched-blocks', 're-encoded']) }).loose())
    .default([]),
  warnings: z.array(z.string()).default([]),
  costEstimateUsd: z.number().nullable().default(null),
});
export type Manifest = z.infer<typeof manifestSchema>;

export type Failure = z.infer<typeof failureSchema>;

const maxFileBytes = 16 * 1024 * 1024;

/** What is known of a job; `undefined` for one that never was. */
export async function readJob(
  id: string,
  options: ReadOptions,
  signal: AbortSignal,
): Promise<JobFacts | undefined> {
  const { store, buckets } = options;
  const inControl = (name: string) => store.stat({ bucket: buckets.control, name }, signal);
  const [record, claim, progress] = await Promise.all([
    inControl(recordName(id)),
    inControl(controlNames(id).claim),
    inControl(progressName(id)),
  ]);
  const [first] = [record, claim].filter((info) => info !== undefined);
  // A dropped pair has no record: its claim names the picture.
  const imageName = record?.metadata['image'] ?? imageOfVersion(claim?.metadata['imageVersion']);
  if (first === undefined || imageName === undefined) return undefined;
  const names = outputNames(imageName, id);
  const [manifest, failure] = await Promise.all([
    readFile(names.manifest, options, signal),
    readFile(names.error, options, signal),
  ]);
  if (
    failure !== undefined &&
    manifest === undefined &&
    (await askedAgain(store, buckets.control)(id, signal))
  ) {
    const facts = { id, imageName, inputs: inputsOf(record, undefined), createdAt: first.timeCreated };
    return { ...facts, ...(await newestRound(imageName, failure.info, options, signal)) };
  }
  const shown = manifest && parsed(manifestSchema, manifest.text);
  // The claim is written once more after the end: that changes nothing that is told.
  const end = failure?.info ?? manifest?.info;
  const infos = end === undefined ? [record, claim, progress].filter((info) => info !== undefined) : [end];
  return {
    ...{ id, imageName, progress },
    inputs: inputsOf(record, shown),
    createdAt: first.timeCreated,
    updatedAt:
      infos
        .map(({ updated }) => updated)
        .sort()
        .at(-1) ?? first.updated,
    claim: claim && { state: observeClaim(claim).claim, info: claim },
    manifest: shown,
    failure: failure && (parsed(failureSchema, failure.text) ?? { code: 'INTERNAL', message: '' }),
  };
}

/** What has become of a job that has failed and was asked for again. */
async function newestRound(
  imageName: string,
  failed: ObjectInfo,
  { store, buckets }: ReadOptions,
  signal: AbortSignal,
): Promise<Omit<JobFacts, 'id' | 'imageName' | 'inputs' | 'createdAt'>> {
  const listed = await listAll(store, buckets.output, outputNames(imageName, '').folder.slice(0, -1), signal);
  const ends = terminalsByImage(listed).get(imageName) ?? [];
  const end = await lastEnd(failed.metadata, ends, askedAgain(store, buckets.control));
  const bytes = end && (await store.read(end, { maxBytes: maxFileBytes, signal }));
  const text = new TextDecoder().decode(bytes);
  const isDone = end?.name.endsWith('/manifest.json');
  return {
    updatedAt: (end ?? failed).updated,
    claim: undefined,
    progress: undefined,
    manifest: isDone ? parsed(manifestSchema, text) : undefined,
    failure: end === undefined || isDone ? undefined : parsed(failureSchema, text),
  };
}

function inputsOf(record: ObjectInfo | undefined, manifest: Manifest | undefined): JobFacts['inputs'] {
  if (record === undefined) {
    const { image, mask } = manifest?.inputs ?? {};
    return { ...(image && { image }), ...(mask && { mask }) };
  }
  const { image: name = '', generation = '', mask, maskGeneration } = record.metadata;
  const ofMask = mask && maskGeneration && { mask: { name: mask, generation: maskGeneration } };
  return { image: { name, generation }, ...(ofMask || {}) };
}

async function readFile(name: string, { store, buckets }: ReadOptions, signal: AbortSignal) {
  const info = await store.stat({ bucket: buckets.output, name }, signal);
  if (info === undefined) return undefined;
  const bytes = await store.read(info, { maxBytes: maxFileBytes, signal });
  return { info, text: new TextDecoder().decode(bytes) };
}

function parsed<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | undefined {
  return jsonText.pipe(schema).safeParse(text).data;
}
