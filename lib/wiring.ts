import type { Config } from './config.ts';
import type { Edit } from './edit.ts';
import type { Generate } from './generate.ts';
import type { Log } from './log.ts';
import type { Upscale } from './upscale.ts';
import { type EditWith, makeEdit, makeEditWith, makeGenerate, makeUpscale } from './wiring/engines.ts';
import { type Jobs, makeJobs } from './wiring/jobs.ts';

/** What the functions are made of, each part built when it is first needed: a cold start pays only for its own. */
export interface Wiring {
  readonly config: Config;
  readonly log: Log;
  readonly edit: () => Promise<Edit>;
  readonly generate: () => Promise<Generate>;
  readonly upscale: () => Promise<Upscale>;
  readonly jobs: () => Promise<Jobs>;
}

/**
 * The composition root: configuration -> clients -> engine -> edit -> jobs.
 *
 * @param shutdown aborts when the process is told to end.
 */
export function wire(config: Config, log: Log, shutdown: AbortSignal = new AbortController().signal): Wiring {
  const editWith: () => Promise<EditWith> = once(() => makeEditWith(config));
  return {
    config,
    log,
    edit: once(async () => makeEdit(config, await editWith())),
    generate: once(() => makeGenerate(config)),
    upscale: once(() => makeUpscale(config)),
    jobs: once(async () => makeJobs({ config, log, editWith: await editWith(), shutdown })),
  };
}

/** Runs `make` at most once; a failure is not remembered. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
