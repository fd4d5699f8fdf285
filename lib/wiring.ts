import type { Config } from './config.ts';
import type { Edit } from './edit.ts';
import type { FindMask } from './find-mask.ts';
import type { Generate } from './generate.ts';
import type { Log } from './log.ts';
import { startTracing } from './trace/tracing.ts';
import type { Tracing } from './trace.ts';
import type { Upscale } from './upscale.ts';
import {
  editAround,
  makeEdit,
  makeFindMask,
  makeGenerate,
  makeUpscale,
  modelCalls,
} from './wiring/engines.ts';
import { type Jobs, makeJobs } from './wiring/jobs.ts';
import { once } from './wiring/once.ts';

/** The parts of the functions, each built when it is first needed: a cold start pays only for its own. */
export interface Wiring {
  readonly config: Config;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly edit: () => Promise<Edit>;
  readonly findMask: () => Promise<FindMask>;
  readonly generate: () => Promise<Generate>;
  readonly upscale: () => Promise<Upscale>;
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
  const calls = modelCalls(config, tracing);
  return {
    config,
    log,
    tracing,
    edit: once(() => makeEdit(config, editWith, calls)),
    findMask: once(() => makeFindMask(config, tracing, calls)),
    generate: once(() => makeGenerate(config, calls)),
    upscale: once(() => makeUpscale(config, calls)),
    jobs: once(() => makeJobs({ config, log, tracing, calls, editWith, shutdown })),
  };
}
