import { z } from 'zod';
import { EditError, errorCodes } from '../../lib/errors.ts';
import * as answers from '../../lib/http-jobs/answer-schemas.ts';
import { jobSchema, problemSchema } from '../../lib/http-jobs/job-schema.ts';
import { uploadRequestSchema } from '../../lib/http-jobs/uploads.ts';
import { editRequestSchema } from '../../lib/requests/edit-request.ts';
import { maskRequestSchema } from '../../lib/requests/mask-request.ts';
import { generateRequestSchema, upscaleRequestSchema } from '../../lib/requests/picture-requests.ts';

export type Json = Readonly<Record<string, unknown>>;

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};

const source = {
  description: 'A picture: its bytes, the address of an object, or the id of a finished upload.',
  oneOf: [
    { type: 'string', contentEncoding: 'base64' },
    { type: 'object', properties: { base64: { type: 'string' } }, required: ['base64'] },
    {
      type: 'object',
      properties: { uri: { type: 'string', pattern: '^gs://' } },
      required: ['uri'],
    },
    { type: 'object', properties: { upload: { type: 'string' } }, required: ['upload'] },
  ],
};
const sourceRef = { $ref: '#/components/schemas/Source' };

/** A request schema with its files. */
function withFiles(schema: z.ZodType, files: readonly string[], required: readonly string[]): Json {
  const { properties, ...rest } = jsonSchema(schema, 'input');
  const own = Object.fromEntries(files.map((name) => [name, sourceRef]));
  const all = { ...(properties as Json), ...own };
  const needed = [...((rest['required'] as string[] | undefined) ?? []), ...required];
  return { ...rest, properties: all, ...(needed.length > 0 && { required: needed }) };
}

const withFields = (schema: Json, fields: Json): Json => ({
  ...schema,
  properties: { ...(schema['properties'] as Json), ...fields },
});
const jobRequest = withFiles(editRequestSchema, ['image', 'mask', 'keep'], ['image']);
const placed = 'Whether the pictures come in the answer, or lie in the output bucket (only with buckets).';

export const schemas: Json = {
  Source: source,
  EditRequest: withFields(jobRequest, {
    output: { type: 'string', enum: ['body', 'bucket'], default: 'body', description: placed },
    storageUri: { type: 'string', pattern: '^gs://', description: 'A folder of the output bucket for them.' },
  }),
  JobRequest: jobRequest,
  PlanRequest: withFields(withFiles(editRequestSchema, ['mask'], ['width', 'height']), {
    width: { type: 'integer', minimum: 1, maximum: 65_535 },
    height: { type: 'integer', minimum: 1, maximum: 65_535 },
  }),
  MaskRequest: withFiles(maskRequestSchema, ['image', 'scribble'], ['image']),
  GenerateRequest: withFiles(generateRequestSchema, [], []),
  UpscaleRequest: withFiles(upscaleRequestSchema, ['image'], []),
  UploadRequest: jsonSchema(uploadRequestSchema, 'input'),
  Problem: jsonSchema(problemSchema, 'output'),
  Job: jsonSchema(jobSchema, 'output'),
  JobList: {
    type: 'object',
    properties: {
      jobs: { type: 'array', items: { $ref: '#/components/schemas/Job' } },
      nextPageToken: { type: ['string', 'null'] },
    },
    required: ['jobs', 'nextPageToken'],
  },
  Plan: jsonSchema(answers.planSchema, 'output'),
  PicturesPlan: jsonSchema(answers.picturesPlanSchema, 'output'),
  EditAnswer: jsonSchema(answers.editAnswerSchema, 'output'),
  MaskAnswer: jsonSchema(answers.maskAnswerSchema, 'output'),
  PicturesAnswer: jsonSchema(answers.picturesAnswerSchema, 'output'),
  StartedUpload: jsonSchema(answers.startedUploadSchema, 'output'),
  FinishedUpload: jsonSchema(answers.finishedUploadSchema, 'output'),
  Capabilities: jsonSchema(answers.capabilitiesSchema, 'output'),
};

/** Every status of an error, and the codes that have it. */
export const problems: Json = Object.fromEntries(
  [...new Set(errorCodes.map((code) => new EditError(code, '').status))].sort().map((status) => {
    const codes = errorCodes.filter((code) => new EditError(code, '').status === status);
    const answer = {
      description: codes.join(', '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
    return [`Problem${status}`, answer];
  }),
);

/** Every error may come of every operation: the codes say when. */
export const problemAnswers: Json = Object.fromEntries(
  Object.keys(problems).map((name) => [
    name.slice('Problem'.length),
    { $ref: `#/components/responses/${name}` },
  ]),
);
