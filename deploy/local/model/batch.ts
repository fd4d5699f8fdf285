import { z } from 'zod';
import { ApiError, errorBody } from './api-error.ts';
import { addDrift } from './drift.ts';
import { parseBody } from './fields.ts';
import { geminiWork } from './gemini.ts';
import { findModel, type Model } from './models.ts';
import type { Tools } from './tools.ts';

/** How a batch ends. `EXPIRED` answers every second line. */
export type BatchEnd = 'SUCCEEDED' | 'FAILED' | 'EXPIRED';

const gsAddress = z.string().startsWith('gs://');
const schema = z.strictObject({
  displayName: z.string().min(1).max(128),
  model: z.string().regex(/^publishers\/google\/models\/[\w.@-]+$/),
  inputConfig: z.strictObject({
    instancesFormat: z.literal('jsonl'),
    gcsSource: z.strictObject({ uris: z.array(gsAddress).length(1) }),
  }),
  outputConfig: z.strictObject({
    predictionsFormat: z.literal('jsonl'),
    gcsDestination: z.strictObject({ outputUriPrefix: gsAddress }),
  }),
  labels: z.record(z.string(), z.string()).optional(),
});

interface Job {
  readonly resource: Record<string, unknown>;
  readonly order: z.output<typeof schema>;
  readonly model: Model;
  state: string;
}

const path =
  /^\/v1\/projects\/(?<project>[^/]+)\/locations\/(?<location>[a-z0-9-]+)\/batchPredictionJobs(?:\/(?<id>\d+))?$/;

/** Batch prediction of Gemini models: a job moves one state each time that it is looked at. */
export interface Batches {
  /** `undefined` for a path that is none of batches. */
  answer(method: string | undefined, url: URL, body: unknown): Promise<unknown>;
}

/** @param endOf `undefined`: the job is not yet done. */
export function batchesOf(tools: Tools, endOf: () => BatchEnd | undefined): Batches {
  const jobs = new Map<string, Job>();
  return {
    async answer(method, url, body) {
      const at = path.exec(url.pathname)?.groups;
      if (at === undefined) return undefined;
      const place = { project: at['project'] ?? '', location: at['location'] ?? '' };
      if (at['id'] === undefined) return method === 'POST' ? create(jobs, body, place) : list(jobs, url);
      const job = jobs.get(at['id']);
      if (job === undefined) throw new ApiError(404, `BatchPredictionJob ${at['id']} is not found.`);
      await advance(job, tools, endOf);
      return shown(job);
    },
  };
}

function create(
  jobs: Map<string, Job>,
  body: unknown,
  place: { readonly project: string; readonly location: string },
) {
  const order = parseBody(schema, body);
  const model = findModel({ ...place, model: order.model.slice(order.model.lastIndexOf('/') + 1) });
  if (!model.tiers.includes('batch')) {
    throw new ApiError(400, `Model ${model.id} is not supported for batch prediction.`);
  }
  const id = String(jobs.size + 1);
  const name = `projects/${place.project}/locations/${place.location}/batchPredictionJobs/${id}`;
  const createTime = new Date(Date.UTC(2026, 0, 1) + jobs.size * 1000).toISOString();
  const job = { resource: { name, createTime, ...order }, order, model, state: 'PENDING' };
  jobs.set(id, job);
  return shown(job);
}

function list(jobs: ReadonlyMap<string, Job>, url: URL) {
  const wanted = /^displayName="(.+)"$/.exec(url.searchParams.get('filter') ?? '')?.[1];
  const found = [...jobs.values()].filter(
    ({ order }) => wanted === undefined || order.displayName === wanted,
  );
  return { batchPredictionJobs: found.map(shown) };
}

async function advance(job: Job, tools: Tools, endOf: () => BatchEnd | undefined): Promise<void> {
  const end = job.state === 'RUNNING' ? endOf() : undefined;
  if (job.state === 'PENDING') job.state = 'RUNNING';
  else if (end !== undefined) await finish(job, tools, end);
}

async function finish(job: Job, tools: Tools, end: BatchEnd): Promise<void> {
  const { order, resource } = job;
  job.state = end;
  try {
    if (job.state === 'FAILED') throw new ApiError(500, 'Failed to import data.');
    const file = await tools.readObject(order.inputConfig.gcsSource.uris[0] ?? '');
    const lines = new TextDecoder().decode(file).split('\n').filter(Boolean);
    const asked = job.state === 'EXPIRED' ? lines.filter((_, n) => n % 2 === 0) : lines;
    const answers: string[] = [];
    for (const line of asked) answers.push(`${JSON.stringify(await answerTo(line, job.model, tools))}\n`);
    const { name } = resource;
    const folder = `${order.outputConfig.gcsDestination.outputUriPrefix}prediction-${String(name).split('/').at(-1)}`;
    // Answers come in any order.
    const bytes = new TextEncoder().encode(answers.toReversed().join(''));
    await tools.writeObject(`${folder}/predictions.jsonl`, bytes, 'application/jsonl');
    resource['outputInfo'] = { gcsOutputDirectory: folder };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    job.state = 'FAILED';
    resource['error'] = { code: error.code, message: error.message };
  }
}

async function answerTo(line: string, model: Model, tools: Tools) {
  const { request } = JSON.parse(line) as { readonly request: unknown };
  try {
    const work = await geminiWork(model, request, { ...tools, trafficType: 'ON_DEMAND' });
    const response = await work.run({ gone: new AbortController().signal, drift: addDrift });
    return { status: '', request, response };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: `Bad Request: ${JSON.stringify(errorBody(error))}`, request, response: {} };
  }
}

const shown = ({ resource, state }: Job) => ({ ...resource, state: `JOB_STATE_${state}` });
