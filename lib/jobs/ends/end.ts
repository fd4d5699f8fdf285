import { z } from 'zod';
import { jsonText } from '../../requests/plain-json.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { outputNames } from '../inputs/names.ts';
import { failureSchema } from '../run/publish.ts';

/** A job by its picture. */
export interface EndedJob {
  readonly job: string;
  /** Name of the picture in the input bucket. */
  readonly image: string;
}

/** How a job has ended, as its manifest or error file tells. */
export interface JobEnd extends EndedJob {
  readonly outcome: 'published' | 'failed';
  /** `manifest.json` or `error.json`. */
  readonly file: ObjectInfo;
  /** Best first; none after a failure. */
  readonly outputs: readonly OutputFile[];
  /** Code and sentence of a failure. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
  /** When the last of its files was uploaded, RFC 3339. */
  readonly uploadedAt: string;
  readonly round: number;
}

const outputSchema = z.object({ name: z.string(), generation: z.string(), contentType: z.string() });
export type OutputFile = z.infer<typeof outputSchema>;
const inputSchema = z.object({ timeCreated: z.string() }).nullish();

const endSchema = jsonText.pipe(
  z.object({
    inputs: z.object({ image: inputSchema, mask: inputSchema, request: inputSchema, keep: inputSchema }),
    outputs: z.array(outputSchema).default([]),
    round: z.number().default(0),
    ...failureSchema.partial().shape,
  }),
);

const maxFileBytes = 16 * 1024 * 1024;

/** `undefined` for a job that has not ended. Where both files exist, the manifest counts. */
export async function readEnd(
  { job, image }: EndedJob,
  { store, outputBucket }: { readonly store: ObjectStore; readonly outputBucket: string },
  signal: AbortSignal,
): Promise<JobEnd | undefined> {
  const names = outputNames(image, job);
  const statOf = (name: string) => store.stat({ bucket: outputBucket, name }, signal);
  const manifest = await statOf(names.manifest);
  const file = manifest ?? (await statOf(names.error));
  if (file === undefined) return undefined;
  const bytes = await store.read(file, { maxBytes: maxFileBytes, signal });
  const read = endSchema.safeParse(new TextDecoder().decode(bytes)).data;
  if (read === undefined) return undefined;
  const { code = '', message = '', outputs, round } = read;
  return {
    ...{ job, image, file, outputs, round },
    outcome: manifest === undefined ? 'failed' : 'published',
    failure: manifest === undefined ? { code, message } : undefined,
    uploadedAt: Object.values(read.inputs)
      .map((input) => input?.timeCreated ?? '')
      .reduce((latest, time) => (time > latest ? time : latest)),
  };
}
