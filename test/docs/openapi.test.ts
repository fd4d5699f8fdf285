import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { openapiDocument } from '../../deploy/docs/openapi.ts';
import * as answers from '../../lib/http-jobs/answer-schemas.ts';
import { jobSchema, problemSchema } from '../../lib/http-jobs/job-schema.ts';
import { useFaultyModel, useLocalSystem } from '../support/use.ts';

interface Media {
  readonly example?: Readonly<Record<string, unknown>>;
  readonly schema?: { readonly $ref?: string };
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, unknown>>;
}
interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<
      Record<string, { readonly properties: Readonly<Record<string, FieldSchema>> }>
    >;
  };
}

const written = readFileSync(new URL('../../functions/studio/openapi.json', import.meta.url), 'utf8');
const document = JSON.parse(written) as Document;
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

const model = await useFaultyModel({ scale: 1 / 4 });
const environment = { ENGINE: 'imagen', MODEL_BASE_URL: model.url };
const { system } = await useLocalSystem({ environment });

const own: readonly string[] = ['/edit', '/mask', '/generate', '/upscale'];
const at = (path: string) => `${system.url}${own.includes(path) ? path : `/studio${path}`}`;

/** What a 2xx of JSON must look like; several where an operation answers in several ways. */
const shapes: Readonly<Record<string, readonly z.ZodType[]>> = {
  edit: [answers.editAnswerSchema, answers.planSchema],
  mask: [answers.maskAnswerSchema],
  generate: [answers.picturesAnswerSchema, answers.picturesPlanSchema],
  upscale: [answers.picturesAnswerSchema, answers.picturesPlanSchema],
  capabilities: [answers.capabilitiesSchema],
  plan: [answers.planSchema],
  createJob: [jobSchema, answers.planSchema],
  listJobs: [answers.jobListSchema],
  readJob: [jobSchema],
  cancelJob: [jobSchema],
  startUpload: [answers.startedUploadSchema],
  sendPart: [answers.finishedUploadSchema],
};

/** An answer has a status, a type and a body of the document. */
async function expectDocumented({ operationId, responses }: Operation, response: Response): Promise<void> {
  const text = await response.text();
  const { status } = response;
  const told = `${operationId} ${status} ${text.slice(0, 300)}`;
  expect(Object.keys(responses), told).toContain(String(status));
  expect(status, told).toBeLessThan(500);
  const type = response.headers.get('content-type')?.split(';')[0];
  if (status >= 400) {
    expect(type, told).toBe('application/problem+json');
    expect(problemSchema.safeParse(JSON.parse(text)).error, told).toBeUndefined();
  } else if (type === 'application/json') {
    const fits = (shapes[operationId] ?? []).some((shape) => shape.safeParse(JSON.parse(text)).success);
    expect(fits || shapes[operationId] === undefined, told).toBe(true);
  }
}

const lint = async (source: string) => {
  const config = await createConfig({ extends: ['recommended'] });
  return lintFromString({ source, config, absoluteRef: 'openapi.json' });
};

test('the document is that of the code, and no rule finds a fault in it', async () => {
  expect(openapiDocument()).toBe(written);
  expect(await lint(written)).toEqual([]);
  expect(await lint(written.replace('"operationId": "edit"', '"operationId": "plan"'))).not.toEqual([]);
});

test('every address of the studio is in the document', async () => {
  const { routes } = await import('../../functions/studio/routes.ts');
  const { pageRoutes } = await import('../../functions/studio/page-files.ts');
  const known = operations.filter(({ path }) => !own.includes(path));
  const samples = known.map(({ path, method }) => ({
    method,
    path: path
      .replace('uploads/{id}', `uploads/${crypto.randomUUID()}`)
      .replace('{id}', '0123456789abcdef')
      .replace('{n}', '1')
      .replace('{file}', 'image'),
  }));
  // The page is for people: its files are no part of the interface.
  const ofInterface = routes.filter((route) => !pageRoutes.includes(route));
  const undocumented = ofInterface.filter(
    (route) => !samples.some(({ method, path }) => route.method === method && route.path.test(path)),
  );
  expect(undocumented.map(({ path }) => path.source)).toEqual([]);
});

const withExample = operations.flatMap(({ path, operation }) => {
  const example = operation.requestBody?.content['application/json']?.example;
  return example === undefined ? [] : [{ path, operation, example, name: operation.operationId }];
});

test.each(withExample)('the example of $name runs', async ({ path, operation, example }) => {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const response = await fetch(at(path), { method: 'POST', headers, body: JSON.stringify(example) });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  await expectDocumented(operation, response);
});

/** A value of a field, in its range or a little beside it. */
function fieldValue({ type, enum: words, minimum = 0, maximum = 100 }: FieldSchema): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>(null, [], {}, '', -1, 1e9, 'x', true);
  if (words !== undefined) return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...words) }, odd);
  if (type === 'boolean') return fc.oneof({ weight: 5, arbitrary: fc.boolean() }, odd);
  if (type === 'integer' || type === 'number') {
    const near = fc.integer({ min: Math.floor(minimum) - 1, max: Math.ceil(maximum) + 1 });
    return fc.oneof({ weight: 5, arbitrary: near }, odd);
  }
  return fc.oneof({ weight: 3, arbitrary: fc.string({ maxLength: 12 }) }, odd);
}

/** A body with some fields of its schema, and now and then one that is none. */
function bodyOf({ operation, example }: (typeof withExample)[number]): fc.Arbitrary<object> {
  const name = operation.requestBody?.content['application/json']?.schema?.$ref?.split('/').at(-1) ?? '';
  const { properties } = document.components.schemas[name]!;
  const fields = Object.entries(properties).filter(([field]) => !(field in example));
  const pick = fc.constantFrom(...fields, ['nonsense', {}] as [string, FieldSchema]);
  const field = pick.chain(([key, schema]) => fieldValue(schema).map((value) => [key, value] as const));
  return fc.array(field, { maxLength: 3 }).map((list) => ({ ...example, ...Object.fromEntries(list) }));
}

const generated = 500;

test(`${generated} generated requests are answered as the document says`, { timeout: 120_000 }, async () => {
  const dry = withExample.filter(({ name }) => !['startUpload', 'mask'].includes(name));
  const request = fc.constantFrom(...dry).chain((each) => fc.tuple(fc.constant(each), bodyOf(each)));
  const sent = fc.asyncProperty(request, async ([{ path, operation }, body]) => {
    const query = operation.parameters?.some(({ name }) => name === 'dryRun') ? '?dryRun=true' : '';
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    await expectDocumented(operation, await fetch(at(path) + query, init));
  });
  await fc.assert(sent, { numRuns: generated, seed: 2026 });
});
