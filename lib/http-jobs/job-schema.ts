import { z } from 'zod';
import { stages } from '../jobs/run/progress.ts';

export const jobStates = ['pending', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

const jobIdSchema = z.string().regex(/^[0-9a-f]{16}$/);

export const problemSchema = z.object({
  type: z
    .string()
    .describe('Names the kind of problem: `urn:gcs-inpaint:error:CODE`, or its place below ERRORS_URL.'),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('Expected X, got Y.'),
  code: z.string().describe('One of the codes of docs/errors.md.'),
  remedy: z.string().describe('What to do about it.'),
  trace: z.string().optional().describe('Id of the trace that holds the log lines.'),
  errors: z
    .array(z.object({ pointer: z.string(), detail: z.string() }))
    .readonly()
    .optional()
    .describe('What is wrong with each field: `#/field` in the body, `?name` in the query.'),
  retryAfterMs: z.number().optional(),
  error: z.object({}).loose().optional().describe('The same as version 0.1 answered; it will go.'),
});

const counted = z.object({ index: z.int().min(1), of: z.int().min(1) });

/** A job as callers see it. Addresses are relative to that of openapi.json. */
export const jobSchema = z.strictObject({
  id: jobIdSchema,
  state: z.enum(jobStates),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  image: z.strictObject({
    name: z.string(),
    format: z.string().optional(),
    width: z.int().optional(),
    height: z.int().optional(),
  }),
  progress: z
    .strictObject({
      stage: z.enum(stages),
      region: counted.optional(),
      calls: z.strictObject({ made: z.int(), planned: z.int() }),
      fraction: z.number().min(0).max(1).describe('Never falls; 1 only when the job has succeeded.'),
    })
    .nullable(),
  waiting: z.strictObject({ code: z.string(), retryAt: z.iso.datetime() }).optional(),
  costEstimateUsd: z.number().nullable(),
  attempts: z.int(),
  outputs: z.array(
    z.strictObject({
      index: z.int().min(1),
      mediaType: z.string(),
      sizeBytes: z.int(),
      uri: z.string(),
      href: z.string(),
      previewHref: z.string(),
      cost: z.number().nullable().describe('How badly it fits, levels; the best is the first.'),
      seam: z.number().nullable().describe('How much the edge of the mask stands out, levels.'),
      driftPx: z.number().nullable(),
      proof: z
        .object({ outside: z.enum(['exact', 'touched-blocks', 're-encoded']) })
        .loose()
        .nullable(),
    }),
  ),
  mask: z
    .strictObject({
      href: z.string(),
      previewHref: z.string(),
      uri: z.string(),
      sizeBytes: z.int(),
      coverage: z.number().nullable().describe('Share of the picture, 0..1.'),
      finder: z.string(),
      found: z.array(z.object({ label: z.string(), score: z.number().optional() })),
    })
    .nullable()
    .describe('The mask that was found or grown: a grey PNG, white where the picture may change.'),
  preview: z
    .strictObject({ href: z.string(), uri: z.string(), sizeBytes: z.int() })
    .nullable()
    .describe('A WebP of the picture, of a job that makes only that.'),
  warnings: z.array(z.string()),
  problem: problemSchema.nullable(),
  links: z.strictObject({ self: z.string(), cancel: z.string().optional(), manifest: z.string().optional() }),
});

export type JobResource = z.infer<typeof jobSchema>;
export type Problem = z.infer<typeof problemSchema>;
