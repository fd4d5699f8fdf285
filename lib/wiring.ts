import type { Config } from './config.ts';
import type { Edit, Seal } from './edit.ts';
import { noticesOf } from './engines/engines.ts';
import type { FindMask } from './find-mask.ts';
import type { Generate } from './generate.ts';
import type { CallersObjects } from './http-jobs/objects.ts';
import { flexDeadlineMs } from './jobs/claim/budget.ts';
import type { Log } from './log.ts';
import { startTracing } from './trace/tracing.ts';
import type { Tracing } from './trace.ts';
import type { Upscale } from './upscale.ts';
import type { ServiceCapabilities } from './wiring/capabilities.ts';
import { makeCostCap } from './wiring/cost-cap.ts';
import {
  editAround,
  makeEdit,
  makeEngine,
  makeFindMask,
  makeGenerate,
  makeUpscale,
  modelCalls,
} from './wiring/engines.ts';
import type { Background } from './wiring/http-jobs.ts';
import { type Jobs, makeJobs, makeObjects } from './wiring/jobs.ts';
import { once } from './wiring/once.ts';
import { makePlan, type Pictures, type PlanEdit } from './wiring/plans.ts';

export type { Pictures, PlanEdit } from './wiring/plans.ts';

/** The parts of the functions, each built when it is first needed: a cold start pays only for its own. */
export interface Wiring {
  readonly config: Config;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly edit: () => Promise<Edit>;
  readonly findMask: () => Promise<FindMask>;
  /** What an edit would do. */
  readonly plan: () => Promise<PlanEdit>;
  readonly generate: () => Promise<Pictures<Generate>>;
  readonly upscale: () => Promise<Pictures<Upscale>>;
  /** Objects that a caller may name; `undefined` where no bucket is known. */
  readonly objects: (() => Promise<CallersObjects>) | undefined;
  readonly capabilities: () => Promise<ServiceCapabilities>;
  /** A small WebP of a picture for people to look at. */
  readonly preview: (bytes: Uint8Array, widthPx: number) => Promise<Uint8Array>;
  readonly jobs: () => Promise<Jobs>;
}

interface WireOptions {
  /** Aborts when the process is told to end. */
  readonly shutdown?: AbortSignal;
  readonly tracing?: Tracing;
  readonly background?: Background;
  /** Put into each output after its proof, e.g. by `functions/index.ts` of a deployment that signs. */
  readonly seal?: Seal;
}

/** The composition root: configuration -> clients -> engine -> edit -> jobs. */
export function wire(config: Config, log: Log, options: WireOptions = {}): Wiring {
  const { shutdown = new AbortController().signal, tracing = startTracing() } = options;
  const { background = () => {} } = options;
  const editWith = editAround(config, tracing, options.seal);
  const calls = modelCalls(config, tracing);
  const cap = makeCostCap(config, log, tracing);
  const capped = { tuning: calls, cap };
  for (const notice of [...noticesOf(config, config), ...tierNotices(config)])
    log.warn(notice, { engine: config.engine });
  return {
    config,
    log,
    tracing,
    edit: once(() => makeEdit(config, editWith, capped)),
    findMask: once(() => makeFindMask(config, tracing, capped)),
    plan: once(() => makePlan(config, (choice) => makeEngine(config, choice, calls), calls)),
    generate: once(() => makeGenerate(config, capped)),
    upscale: once(() => makeUpscale(config, capped)),
    objects: config.buckets === undefined ? undefined : once(() => makeObjects(config, tracing)),
    capabilities: once(async () => (await import('./wiring/capabilities.ts')).capabilitiesFor(config)),
    preview: async (bytes, widthPx) =>
      (await import('./formats/vips/preview.ts')).previewOf(bytes, widthPx, {
        ...config.limits,
        maxHeldBytes: previewBytes,
      }),
    jobs: once(() => makeJobs({ config, log, tracing, calls, cap, editWith, shutdown, background })),
  };
}

/** The studio has 1 GiB: this leaves room for itself, the file and two bodies. */
const previewBytes = 512 * 1024 * 1024;

/** A call that is stopped while it waits may be billed, and is made again. */
function tierNotices({ engine, modelTier, editDeadlineMs }: Config): readonly string[] {
  if (engine !== 'gemini' || modelTier !== 'flex' || editDeadlineMs >= flexDeadlineMs) return [];
  return [
    `MODEL_TIER flex: a call may take 30 minutes, and EDIT_DEADLINE_MS stops it after ${editDeadlineMs} ms.`,
  ];
}
