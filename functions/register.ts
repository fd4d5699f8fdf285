import {
  type CloudEvent,
  type CloudEventFunction,
  cloudEvent,
  type HttpFunction,
  http,
} from '@google-cloud/functions-framework';
import type { Config } from '../lib/config.ts';
import type { Wiring } from '../lib/wiring.ts';
import { atMost, editsThatFit } from './at-once.ts';
import { admitCaller } from './caller.ts';
import { editFunction } from './edit.ts';
import type { HttpSettings } from './http.ts';
import { maskFunction } from './mask.ts';
import { onUploadFunction } from './on-upload.ts';
import { picturesFunction } from './pictures.ts';
import { runJobFunction } from './run-job.ts';
import type { Track } from './shutdown.ts';
import { studioFunction } from './studio.ts';
import { sweepFunction } from './sweep.ts';

type Buckets = NonNullable<Wiring['config']['buckets']>;
type WithBuckets = Wiring & {
  readonly config: { readonly buckets: Buckets };
  readonly objects: NonNullable<Wiring['objects']>;
};

/** Limits requests to functions that receive no pictures: events, tasks and prompts are small. */
const maxSmallBodyBytes = 1024 * 1024;

const picturesOf = ({ limits: { maxImageBytes } }: Config) => ({ maxImageBytes });

/** The studio has 1 GiB: so many bodies above 1 MiB, and pictures being decoded, fit in. */
const studioBodies = 2;
const studioDecodes = 1;

type FunctionEntry = {
  readonly takesPictures?: true;
  /** Pages of ALLOWED_ORIGINS may call it. */
  readonly isOpenToPages?: true;
  /** Called by people and their programs, not by services of Google. */
  readonly isForCallers?: true;
  /** POST alone when left out. */
  readonly methods?: readonly string[];
} & (
  | { readonly needsBuckets: false; readonly http: (wiring: Wiring, settings: HttpSettings) => HttpFunction }
  | {
      readonly needsBuckets: true;
      readonly http: (wiring: WithBuckets, settings: HttpSettings) => HttpFunction;
    }
  | { readonly needsBuckets: true; readonly event: (wiring: WithBuckets) => CloudEventFunction<unknown> }
);

/** Every function by the name it is deployed under: whether it works on buckets, and how it is made. */
export const functionTable = {
  onUpload: {
    needsBuckets: true,
    event: ({ config, log, tracing, jobs }) =>
      onUploadFunction({
        handle: async (upload, signal) => (await jobs()).uploads(upload, signal),
        deadlineMs: config.editDeadlineMs,
        inputBucket: config.buckets.input,
        maxEventAgeMs: config.budget.maxEventAgeMs,
        log,
        tracing,
      }),
  },
  runJob: {
    needsBuckets: true,
    http: ({ jobs }, settings) =>
      runJobFunction({
        ...settings,
        handle: async (upload, signal) => (await jobs()).runJob(upload, signal),
      }),
  },
  sweep: {
    needsBuckets: true,
    http: ({ jobs }, settings) =>
      sweepFunction({
        ...settings,
        handle: async (options, signal) => (await jobs()).sweep(options, signal),
      }),
  },
  edit: {
    needsBuckets: false,
    isOpenToPages: true,
    isForCallers: true,
    takesPictures: true,
    http: ({ config, edit, plan, objects }, settings) =>
      editFunction({
        ...settings,
        ...{ edit, plan, objects },
        maxImageBytes: config.limits.maxImageBytes,
        atOnce: atMost(config.maxConcurrentEdits ?? editsThatFit()),
      }),
  },
  mask: {
    needsBuckets: false,
    isOpenToPages: true,
    isForCallers: true,
    takesPictures: true,
    http: ({ config, findMask }, settings) =>
      maskFunction({
        ...settings,
        findMask,
        maxImageBytes: config.limits.maxImageBytes,
        atOnce: atMost(config.maxConcurrentEdits ?? editsThatFit()),
      }),
  },
  generate: {
    needsBuckets: false,
    isOpenToPages: true,
    isForCallers: true,
    http: ({ config, generate }, settings) =>
      picturesFunction({ ...settings, ...picturesOf(config), name: 'generate', pictures: generate }),
  },
  upscale: {
    needsBuckets: false,
    isOpenToPages: true,
    isForCallers: true,
    takesPictures: true,
    http: ({ config, upscale }, settings) =>
      picturesFunction({ ...settings, ...picturesOf(config), name: 'upscale', pictures: upscale }),
  },
  studio: {
    needsBuckets: true,
    isForCallers: true,
    takesPictures: true,
    methods: ['GET', 'POST', 'PUT'],
    http: ({ config, jobs, plan, objects, capabilities, preview }, settings) =>
      studioFunction({
        ...settings,
        ...{ plan, capabilities, preview, isOn: config.hasStudio },
        jobs: async () => (await jobs()).http(),
        uploads: async () => (await jobs()).httpUploads(),
        objects,
        maxImageBytes: config.limits.maxImageBytes,
        outputBucket: config.buckets.output,
        bodies: atMost(studioBodies),
        decodes: atMost(studioDecodes),
      }),
  },
} as const satisfies Readonly<Record<string, FunctionEntry>>;

export type FunctionName = keyof typeof functionTable;

export const isFunctionName = (name: string | undefined): name is FunctionName =>
  name !== undefined && Object.hasOwn(functionTable, name);

/** The largest body that a function takes: picture and mask with their fields, or one picture in base64. */
function maxBodyBytes(name: FunctionName, { limits }: Config): number {
  const entry: FunctionEntry = functionTable[name];
  return maxSmallBodyBytes + (entry.takesPictures ? 2 * limits.maxImageBytes : 0);
}

/** What the gate before a function lets through. */
export function gateFor(name: FunctionName, config: Config) {
  const { methods = ['POST'], isOpenToPages, isForCallers }: FunctionEntry = functionTable[name];
  const { requiredAudience: audience, allowedCallers: callers } = config;
  const admit = isForCallers && audience !== undefined ? admitCaller({ audience, callers }) : undefined;
  const origins = isOpenToPages ? config.allowedOrigins : [];
  return { maxBodyBytes: maxBodyBytes(name, config), methods, origins, admit, errorsUrl: config.errorsUrl };
}

const hasBuckets = (wiring: Wiring): wiring is WithBuckets => wiring.config.buckets !== undefined;

/**
 * Registers with the framework every function that the configuration allows. Nothing is built before the
 * first request.
 *
 * @param track is given the work of each request.
 */
export function registerFunctions(wiring: Wiring, track: Track = async (work) => work): void {
  const { config, log, tracing } = wiring;
  const { editDeadlineMs: deadlineMs, maxAnswerBytes, errorsUrl } = config;
  const settings = { deadlineMs, log, tracing, maxAnswerBytes, errorsUrl };
  const registerHttp = (name: string, handle: HttpFunction) =>
    http(name, (request, response) => track(handle(request, response)));
  for (const [name, entry] of Object.entries<FunctionEntry>(functionTable)) {
    const origins = entry.isOpenToPages ? config.allowedOrigins : [];
    if (!entry.needsBuckets) registerHttp(name, entry.http(wiring, { ...settings, origins }));
    else if (!hasBuckets(wiring)) continue;
    else if ('http' in entry) registerHttp(name, entry.http(wiring, settings));
    else {
      const handle = entry.event(wiring);
      // One parameter only: the framework would take a second one for a callback, and wait for it.
      cloudEvent(name, (event: CloudEvent<unknown>) => track(handle(event)));
    }
  }
}
