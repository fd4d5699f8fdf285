import { beforeAll, describe, expect, test } from 'vitest';
import { registerFunctions } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import { wire } from '../../lib/wiring.ts';
import { silentLog } from '../support/job-world.ts';
import { serveFunction } from '../support/listening.ts';
import { image, mask } from '../support/small-pair.ts';
import { useFaultyModel } from '../support/use.ts';

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const sources = { image: { base64: base64(image) }, mask: { base64: base64(mask) } };

const errorsUrl = 'https://example.com/errors.md';
const model = await useFaultyModel({ scale: 1 / 4 });
const urls = new Map<string, string>();
beforeAll(async () => {
  const environment = {
    ENGINE: 'imagen',
    MODEL_BASE_URL: model.url,
    ALLOWED_MODELS: 'patchmatch',
    ERRORS_URL: errorsUrl,
  };
  registerFunctions(wire(readConfig(environment), silentLog));
  for (const name of ['edit', 'generate', 'upscale']) urls.set(name, await serveFunction(name));
});

interface Call {
  readonly to?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

async function post({ to = 'edit', query = '', headers = {}, body }: Call): Promise<Response> {
  const isBare = body instanceof FormData || body instanceof Uint8Array;
  const type: Record<string, string> = isBare ? {} : { 'content-type': 'application/json' };
  const sent = isBare ? (body as FormData | Uint8Array<ArrayBuffer>) : JSON.stringify(body);
  return fetch(`${urls.get(to)}${query}`, { method: 'POST', headers: { ...type, ...headers }, body: sent });
}

interface Wrong {
  readonly pointer: string;
  readonly detail: string;
}

async function problem(call: Call) {
  const response = await post(call);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const told = (await response.json()) as { type: string; code: string; errors?: Wrong[] };
  expect(told.type).toBe(`${errorsUrl}#${told.code.toLowerCase()}`);
  return told;
}

function form(fields: Readonly<Record<string, string>> = {}): FormData {
  const body = new FormData();
  body.set('image', new Blob([image]), 'f.png');
  body.set('mask', new Blob([mask]), 'm.png');
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return body;
}

const patchmatch = { engine: 'patchmatch', seed: 5 };

test('takes a form, JSON and the words of Imagen for the same edit', async () => {
  const instances = [
    { prompt: '', image: sources.image, mask: { image: { bytesBase64Encoded: base64(mask) } } },
  ];
  const parameters = { editConfig: { editMode: 'inpainting-remove' }, seed: 5, sampleCount: 1 };
  const bodies = [
    form({ engine: 'patchmatch', seed: '5' }),
    { ...sources, ...patchmatch },
    { instances: [{ ...instances[0], engine: 'patchmatch' }], parameters },
    {
      parameters: { editMode: 'EDIT_MODE_INPAINT_REMOVAL', ...patchmatch, includeRaiReason: true },
      instances: [
        {
          referenceImages: [
            { referenceType: 'REFERENCE_TYPE_RAW', referenceImage: { bytesBase64Encoded: base64(image) } },
            {
              referenceType: 'REFERENCE_TYPE_MASK',
              referenceImage: { bytesBase64Encoded: base64(mask) },
              maskImageConfig: { maskMode: 'MASK_MODE_USER_PROVIDED' },
            },
          ],
        },
      ],
    },
  ];
  const answers = await Promise.all(bodies.map((body) => post({ body })));
  const pictures = await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  for (const picture of pictures) expect(Buffer.from(picture).equals(Buffer.from(pictures[0]!))).toBe(true);
  expect(answers[3]?.headers.get('inpaint-warnings')).toMatch(/includeRaiReason/);
});

test('takes the picture as the body, its fields in the query', async () => {
  const headers = { 'content-type': 'image/png' };
  const query = '?maskMode=foreground&samples=2&prompt=a%20boat&mode=insertion';
  const response = await post({ query, headers: { ...headers, accept: 'application/json' }, body: image });
  const { outputs } = (await response.json()) as { outputs: unknown[] };
  expect(outputs).toHaveLength(2);
  expect(await problem({ query: '?sampels=2', headers, body: image })).toMatchObject({
    errors: [{ pointer: '?sampels', detail: expect.stringContaining('did you mean samples?') }],
  });
  expect(await problem({ query: '?mask=gs://b/m.png', headers, body: image })).toMatchObject({
    code: 'USE_JOBS',
  });
});

describe('dry run', () => {
  test('tells what an edit would do and cost, and calls no model (G21)', async () => {
    model.reset();
    const response = await post({ query: '?dryRun=true', body: { ...sources, samples: 2 } });
    expect(await response.json()).toMatchObject({
      engine: 'imagen:imagen-3.0-capability-001',
      regions: [{ box: { width: expect.any(Number) }, scale: expect.any(Number) }],
      calls: { min: 1, max: expect.any(Number) },
      costEstimateUsd: { min: expect.closeTo(0.08), max: expect.any(Number) },
      maskCoverage: expect.closeTo(72 / 6300),
      ...{ outputFormat: 'png', outside: 'exact' },
    });
    const free = await post({ query: '?dryRun=true', body: { ...sources, ...patchmatch } });
    expect(await free.json()).toMatchObject({
      calls: { min: 0, max: 0 },
      costEstimateUsd: { min: 0, max: 0 },
    });
    const pictures = { to: 'generate', query: '?dryRun=true', body: { prompt: 'a boat', samples: 2 } };
    expect(await (await post(pictures)).json()).toMatchObject({ calls: { min: 1, max: 2 } });
    expect(model.calls()).toEqual([]);
  });

  test.each([
    ['no mask', { image: sources.image }, 'MASK_MISSING'],
    ['a field that is wrong', { ...sources, featherPx: 9999 }, 'REQUEST_INVALID'],
    [
      'what the engine cannot do',
      { ...sources, ...patchmatch, mode: 'insertion', prompt: 'x' },
      'ENGINE_UNSUPPORTED',
    ],
  ])('fails as the edit does: %s', async (_, body, code) => {
    const codes = [await problem({ query: '?dryRun=true', body }), await problem({ body })];
    expect(codes).toMatchObject([{ code }, { code }]);
  });
});

test.each([
  ['*/*', 'image/png'],
  ['image/*', 'image/png'],
  ['application/json, text/plain, */*', 'application/json'],
  ['image/*;q=0.2, application/json;q=0.9', 'application/json'],
  ['application/json;q=0.2, image/*', 'image/png'],
  ['text/html', 406],
  ['image/*;q=0, application/json;q=0', 406],
])('answers Accept: %s with %s', async (accept, expected) => {
  model.reset();
  const response = await post({ headers: { accept }, body: { ...sources, ...patchmatch } });
  if (expected === 406) expect(await response.json()).toMatchObject({ status: 406, code: 'NOT_ACCEPTABLE' });
  else expect(response.headers.get('content-type')?.split(';')[0]).toBe(expected);
});

test.each<[string, Call, string, string?]>([
  [
    'a gs:// picture where no bucket is known',
    { body: { ...sources, image: { uri: 'gs://a/b.png' } } },
    'USE_JOBS',
  ],
  ['results in a bucket where none is known', { body: { ...sources, output: 'bucket' } }, 'USE_JOBS'],
  [
    'an address to store pictures',
    { to: 'generate', body: { prompt: 'x', storageUri: 'gs://abc/d' } },
    'USE_JOBS',
  ],
  ['an address for results', { body: { ...sources, storageUri: 'gs://abc/d' } }, 'USE_JOBS'],
  ['another place for results', { body: { ...sources, output: 'file' } }, 'REQUEST_INVALID', '#/output'],
  ['a mask alone', { body: { ...sources, only: 'mask' } }, 'USE_JOBS'],
  ['a key', { headers: { 'idempotency-key': 'k' }, body: sources }, 'IDEMPOTENCY_UNSUPPORTED'],
  ['a key', { to: 'upscale', headers: { 'idempotency-key': 'k' }, body: {} }, 'IDEMPOTENCY_UNSUPPORTED'],
  ['another site', { headers: { 'sec-fetch-site': 'cross-site' }, body: sources }, 'CROSS_SITE'],
  [
    'a value in two words',
    { body: { ...sources, samples: 1, sampleCount: 2 } },
    'REQUEST_INVALID',
    '#/samples',
  ],
  ['a source of another shape', { body: { ...sources, mask: { url: 'x' } } }, 'REQUEST_INVALID', '#/mask'],
  ['a query', { to: 'generate', query: '?samples=2', body: { prompt: 'x' } }, 'REQUEST_INVALID', '?samples'],
])('refuses %s before a model is asked', async (_, call, code, pointer) => {
  model.reset();
  const found = await problem(call);
  expect(found.code).toBe(code);
  if (pointer !== undefined) expect(found.errors?.map((error) => error.pointer)).toEqual([pointer]);
  expect(model.calls()).toEqual([]);
});

test('names the field that was probably meant', async () => {
  const { errors } = await problem({ body: { ...sources, 'feather-px': 3, zzz: 1 } });
  expect(errors).toMatchObject([
    { detail: expect.stringContaining('featherPx') },
    { detail: expect.not.stringContaining('mean') },
  ]);
});

test('makes pictures from a form and in the words of Imagen', async () => {
  const words = {
    instances: [{ prompt: 'a boat' }],
    parameters: { sampleCount: 2, sampleImageStyle: 'photograph' },
  };
  const fields = new FormData();
  for (const [name, value] of Object.entries({ prompt: 'a boat', samples: '2' })) fields.set(name, value);
  for (const body of [words, fields]) {
    const response = await post({ to: 'generate', body });
    expect(response.headers.get('inpaint-candidates')).toBe('2');
    expect(((await response.json()) as { pictures: unknown[] }).pictures).toHaveLength(2);
  }
});

test('enlarges a picture in the words of Imagen', async () => {
  const picture = { bytesBase64Encoded: base64(image), mimeType: 'image/png' };
  const words = (upscaleConfig: object) => ({
    instances: [{ prompt: '', image: picture }],
    parameters: { sampleCount: 1, mode: 'upscale', upscaleConfig },
  });
  model.reset();
  const upscale = { to: 'upscale', headers: { accept: 'application/json' } };
  const answer = await post({ ...upscale, body: words({ upscaleFactor: 'x4' }) });
  expect([answer.status, await answer.clone().text()]).toEqual([200, expect.any(String)]);
  expect(model.calls()).toMatchObject([{ samples: 1 }]);
  expect(await problem({ ...upscale, body: words({ upscaleFactor: 'x9' }) })).toMatchObject({
    errors: [{ pointer: '#/factor' }],
  });
  const small = { ...words({}), parameters: { sampleImageSize: '4096' } };
  expect(await problem({ ...upscale, body: small })).toMatchObject({ errors: [{ pointer: '#/targetSize' }] });
  const address = { ...words({}), instances: [{ image: { gcsUri: 'gs://abc/b.png' } }] };
  expect(await problem({ ...upscale, body: address })).toMatchObject({ code: 'USE_JOBS' });
});

test('takes the mode of an edit among parameters', async () => {
  const body = { instances: [{ ...sources, ...patchmatch }], parameters: { mode: 'insertion', prompt: 'x' } };
  expect(await problem({ body })).toMatchObject({ code: 'ENGINE_UNSUPPORTED' });
});

test('names the trace of the caller in its answer', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const response = await post({ headers: { traceparent }, body: { ...sources, ...patchmatch } });
  expect(response.headers.get('traceparent')).toContain(traceparent.slice(3, 35));
});
