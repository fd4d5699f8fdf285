import packageJson from '../../package.json' with { type: 'json' };
import { type Json, problemAnswers, problems, schemas } from './openapi-parts.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (name: string) => ({ 'application/json': { schema: ref(name) } });
const picture = { 'image/*': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } } };

/** A grey picture of 32 x 32 pixels, and a mask with a white square in its middle. */
const tiny = {
  image: {
    base64:
      'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUoAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAANUlEQVQ4y2NISc/KLSguq6ypb2rt6O6bOGX6rLkLFi9buWb9pq07du87yDCqYFTBqIKRqgAA66xKH76lrpYAAAAASUVORK5CYII=',
  },
  mask: {
    base64:
      'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUoAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAF0lEQVQ4y2NgGAWDEvyHgpGuYBQMKAAAh80/wTomDKYAAAAASUVORK5CYII=',
  },
};
const side = 32;

interface Operation {
  readonly method: 'get' | 'post' | 'put';
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Json;
  readonly responses: Json;
  /** Where the functions beside the studio are. */
  readonly servers?: readonly Json[];
}

const inQuery = (name: string, description: string, schema: Json): Json => ({
  ...{ name, in: 'query', description, schema },
});
const inHeader = (name: string, description: string, schema: Json = { type: 'string' }): Json => ({
  ...{ name, in: 'header', description, schema },
});
const inPath = (name: string, schema: Json): Json => ({ name, in: 'path', required: true, schema });

const jobId = inPath('id', { type: 'string', pattern: '^[0-9a-f]{16}$' });
const output = inPath('n', { type: 'integer', minimum: 1, maximum: 99 });
const input = inPath('file', { type: 'string', enum: ['image', 'mask'] });
const upload = inPath('id', { type: 'string', format: 'uuid' });
const dryRun = inQuery('dryRun', 'Only tells what the request would do.', {
  type: 'boolean',
  default: false,
});
const prefer = inHeader('Prefer', '`wait=N`: answer after N seconds at most, 0 to 60, or when the job ends.');
const range = inHeader('Range', '`bytes=FIRST-LAST`; needed above 24 MiB, and cut to 24 MiB.');
const width = inQuery('w', 'Largest width, pixels.', {
  ...{ type: 'integer', minimum: 16, maximum: 4096, default: 2048 },
});

const ok = (description: string, content: Json): Json => ({ description, content });
const job = ok('The job.', json('Job'));
const bytes = ok('The bytes.', picture);
const preview = ok('A WebP, upright and in sRGB.', { 'image/webp': {} });
const unchanged = { description: 'Nothing has changed.' };

type File = readonly [path: string, operationId: string, summary: string];
const download = ([path, operationId, summary]: File, ...parameters: readonly Json[]): Operation => ({
  ...{ method: 'get', path, operationId, summary, parameters: [...parameters, range] },
  responses: { 200: bytes, 206: bytes, 304: unchanged },
});
const look = ([path, operationId, summary]: File, ...parameters: readonly Json[]): Operation => ({
  ...{ method: 'get', path, operationId, summary, parameters: [...parameters, width] },
  responses: { 200: preview },
});
const takes = (name: string, example: Json): Json => ({
  required: true,
  content: {
    'application/json': { schema: ref(name), example },
    'multipart/form-data': { schema: ref(name) },
  },
});
const uploadExample = {
  'application/json': {
    schema: ref('UploadRequest'),
    example: { name: 'photo.tif', sizeBytes: 8_000_000, contentType: 'image/tiff' },
  },
};
const beside = (name: string): readonly Json[] => [
  { url: '..', description: 'Beside the studio, as npm start serves it.' },
  {
    url: 'https://{host}',
    description: 'Deployed, the path is / instead.',
    variables: { host: { default: `${name}.example.com` } },
  },
];

const operations: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/edit', operationId: 'edit', servers: beside('edit') },
    summary: 'Edit a picture and wait for it',
    description: 'A picture may also be the body (`image/*`), with the fields in the query.',
    parameters: [dryRun],
    requestBody: takes('EditRequest', { ...tiny, featherPx: 4 }),
    responses: {
      200: ok('The best picture; with `Accept: application/json` all of them; or the plan.', {
        ...picture,
        'application/json': { schema: { anyOf: [ref('EditAnswer'), ref('Plan')] } },
      }),
    },
  },
  {
    ...{ method: 'post', path: '/mask', operationId: 'mask', servers: beside('mask') },
    summary: 'Find a mask and repaint nothing',
    requestBody: takes('MaskRequest', { image: tiny.image, maskMode: 'foreground' }),
    responses: {
      200: ok('The mask; with `Accept: application/json` with labels and scores.', {
        ...picture,
        'application/json': { schema: ref('MaskAnswer') },
      }),
    },
  },
  {
    ...{ method: 'post', path: '/generate', operationId: 'generate', servers: beside('generate') },
    summary: 'Make pictures from text',
    parameters: [dryRun],
    requestBody: takes('GenerateRequest', { prompt: 'a lighthouse at dusk' }),
    responses: {
      200: ok('Every picture; or the first one; or the plan.', {
        ...picture,
        'application/json': { schema: { anyOf: [ref('PicturesAnswer'), ref('PicturesPlan')] } },
      }),
    },
  },
  {
    ...{ method: 'post', path: '/upscale', operationId: 'upscale', servers: beside('upscale') },
    summary: 'Enlarge a picture',
    parameters: [dryRun],
    requestBody: takes('UpscaleRequest', { image: tiny.image, factor: 'x2' }),
    responses: {
      200: ok('The larger picture; or the plan.', {
        ...picture,
        'application/json': { schema: { anyOf: [ref('PicturesAnswer'), ref('PicturesPlan')] } },
      }),
    },
  },
  {
    ...{ method: 'get', path: '/openapi.json', operationId: 'openapi' },
    summary: 'Read this document',
    responses: { 200: ok('This document.', { 'application/json': {} }) },
  },
  {
    ...{ method: 'get', path: '/capabilities', operationId: 'capabilities' },
    summary: 'Tell engines, fields and limits',
    responses: { 200: ok('What this deployment can do.', json('Capabilities')) },
  },
  {
    ...{ method: 'post', path: '/plan', operationId: 'plan' },
    summary: 'Plan an edit from its mask and the size of the picture',
    requestBody: takes('PlanRequest', { mask: tiny.mask, width: side, height: side }),
    responses: { 200: ok('What an edit would do.', json('Plan')) },
  },
  {
    ...{ method: 'post', path: '/jobs', operationId: 'createJob' },
    summary: 'Create a job',
    description: 'Without a key every request is a new job.',
    parameters: [
      dryRun,
      prefer,
      inHeader('Idempotency-Key', 'The same key and request give the same job, for 32 days.'),
    ],
    requestBody: takes('JobRequest', tiny),
    responses: {
      200: ok('The job, which has ended; or the plan.', {
        'application/json': { schema: { anyOf: [ref('Job'), ref('Plan')] } },
      }),
      202: job,
    },
  },
  {
    ...{ method: 'get', path: '/jobs', operationId: 'listJobs' },
    summary: 'List jobs that were created over HTTP',
    parameters: [
      inQuery('prefix', 'Of the names of pictures.', { type: 'string' }),
      inQuery('state', 'Only jobs in this state; a page may then be short.', {
        type: 'string',
        enum: ['pending', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'],
      }),
      inQuery('pageSize', 'Most jobs of a page.', { type: 'integer', minimum: 1, maximum: 100, default: 20 }),
      inQuery('pageToken', 'nextPageToken of the page before.', { type: 'string' }),
    ],
    responses: { 200: ok('A page of jobs, the newest first within it.', json('JobList')) },
  },
  {
    ...{ method: 'get', path: '/jobs/{id}', operationId: 'readJob' },
    summary: 'Read a job, or wait for it',
    parameters: [jobId, prefer, inHeader('If-None-Match', 'ETag of what is known.')],
    responses: { 200: job, 304: unchanged },
  },
  {
    ...{ method: 'post', path: '/jobs/{id}/cancel', operationId: 'cancelJob' },
    summary: 'Cancel a job before its next call of the model',
    parameters: [jobId],
    responses: { 202: job },
  },
  {
    ...{ method: 'get', path: '/jobs/{id}/manifest', operationId: 'readManifest' },
    summary: 'Read the manifest of a job',
    parameters: [jobId],
    responses: { 200: ok('manifest.json.', { 'application/json': {} }) },
  },
  download(['/jobs/{id}/outputs/{n}', 'readOutput', 'Download a result, whole or in parts'], jobId, output),
  look(['/jobs/{id}/outputs/{n}/preview', 'previewOutput', 'Look at a result'], jobId, output),
  download(['/jobs/{id}/mask', 'readMask', 'Download the mask that was found'], jobId),
  look(['/jobs/{id}/mask/preview', 'previewMask', 'Look at the mask that was found'], jobId),
  download(
    ['/jobs/{id}/preview', 'readPreview', 'Download the preview of a job that makes only that'],
    jobId,
  ),
  download(
    ['/jobs/{id}/inputs/{file}', 'readInput', 'Download the picture or the mask of a job'],
    ...[jobId, input],
  ),
  look(
    ['/jobs/{id}/inputs/{file}/preview', 'previewInput', 'Look at the picture or the mask of a job'],
    ...[jobId, input],
  ),
  {
    ...{ method: 'post', path: '/uploads', operationId: 'startUpload' },
    summary: 'Begin an upload in parts',
    requestBody: { required: true, content: uploadExample },
    responses: { 201: ok('Where the parts go.', json('StartedUpload')) },
  },
  {
    ...{ method: 'put', path: '/uploads/{id}', operationId: 'sendPart' },
    summary: 'Send a part, or ask how much has come',
    parameters: [
      upload,
      inHeader('Content-Range', '`bytes FIRST-LAST/TOTAL`, or `bytes */TOTAL` to ask how much has come.'),
    ],
    requestBody: { content: { 'application/octet-stream': {} } },
    responses: {
      201: ok('The upload is whole.', json('FinishedUpload')),
      308: { description: 'Range tells what has come.' },
    },
  },
  look(['/uploads/{id}/preview', 'previewUpload', 'Look at an upload'], upload),
];

/** `openapi.json`: every address of all functions. */
export function openapiDocument(): string {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, responses, ...operation } of operations) {
    const item = paths[path] ?? {};
    paths[path] = item;
    item[method] = { ...operation, responses: { ...responses, ...problemAnswers } };
  }
  const document = {
    openapi: '3.1.1',
    info: {
      title: 'gcs-inpaint',
      version: packageJson.version,
      summary: 'Edits photos; every pixel outside the mask stays untouched.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '.', description: 'The function studio, which serves this document.' }],
    security: [{ identity: [] }, {}],
    paths,
    components: {
      schemas,
      responses: problems,
      securitySchemes: {
        identity: { type: 'http', scheme: 'bearer', description: 'An ID token of Google; none at home.' },
      },
    },
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}
