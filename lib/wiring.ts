import type { Config } from './config.ts';
import type { Edit } from './edit.ts';
import type { Generate } from './generate.ts';
import type { CallersObjects } from './http-jobs/objects.ts';
import type { Log } from './log.ts';
import { startTracing } from './trace/tracing.ts';
import type { Tracing } from './trace.ts';
import type { Upscale } from './upscale.ts';
import {
  editAround,
  makeEdit,
  makeGenerate,
  makePlan,
  makeUpscale,
  modelCalls,
  type Pictures,
  type PlanEdit,
} from './wiring/engines.ts';
import { type Jobs, makeJobs, makeObjects } from './wiring/jobs.ts';
import { once } from './wiring/once.ts';

export type { Pictures, PlanEdit } from './wiring/engines.ts';

/** The parts of the functions, each built when it is first needed: a cold start pays only for its own. */
export interface Wiring {
  readonly config: Config;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly edit: () => Promise<Edit>;
  /** What an edit would do. */
  readonly plan: () => Promise<PlanEdit>;
  readonly generate: () => Promise<Pictures<Generate>>;
  readonly upscale: () => Promise<Pictures<Upscale>>;
  /** Objects that a caller may name; `undefined` where no bucket is known. */
  readonly objects: (() => Promise<CallersObjects>) | undefined;
  readonly jobs: () => Promise<Jobs>;
}

interface WireOptions {
  /** Aborts when the process is told to end. */
  readonly shutdown?: AbortSignal;
  readonly tracing?: Tracing;
}

/** The composition root: configuration -> clients -> engine -> edit -> jobs. */
export function wire(config: Config, log: Log, options: WireOptions = {}): Wiring {
  const { shutdown = new AbortController().signal, tracing = startTracing() } = options;
  const editWith = editAround(config, tracing);
  const calls = modelCalls(tracing);
  return {
    config,
    log,
    tracing,
    edit: once(() => makeEdit(config, editWith, calls)),
    plan: once(() => makePlan(config, calls)),
    generate: once(() => makeGenerate(config, calls)),
    upscale: once(() => makeUpscale(config, calls)),
    objects: config.buckets === undefined ? undefined : once(() => makeObjects(config, tracing)),
    jobs: once(() => makeJobs({ config, log, tracing, calls, editWith, shutdown })),
  };
}
