import {
  type CloudEvent,
  cloudEvent,
  type HttpFunction,
  http as httpOf,
} from '@google-cloud/functions-framework';
import type { Wiring } from '../lib/wiring.ts';
import { editFunction } from './edit.ts';
import { generateFunction } from './generate.ts';
import { onUploadFunction } from './on-upload.ts';
import { runJobFunction } from './run-job.ts';
import type { Track } from './shutdown.ts';
import { sweepFunction } from './sweep.ts';
import { upscaleFunction } from './upscale.ts';

/** Every function by the name it is deployed under, and whether it works on buckets. */
export const functionTable = {
  onUpload: { needsBuckets: true },
  runJob: { needsBuckets: true },
  sweep: { needsBuckets: true },
  edit: { needsBuckets: false },
  generate: { needsBuckets: false },
  upscale: { needsBuckets: false },
} as const;

export type FunctionName = keyof typeof functionTable;

/**
 * Registers with the framework what the configuration allows; nothing is built before its first request.
 *
 * @param track is told of every request while it is worked on.
 */
export function registerFunctions(
  { config, log, tracing, edit, generate, upscale, jobs }: Wiring,
  track: Track = async (work) => work,
): void {
  const { buckets, limits, budget } = config;
  const http = (name: FunctionName, handle: HttpFunction) =>
    httpOf(name, (request, response) => track(handle(request, response)));
  const rim = { deadlineMs: config.editDeadlineMs, log, tracing, maxAnswerBytes: config.maxAnswerBytes };
  http('edit', editFunction({ ...rim, edit, maxImageBytes: limits.maxImageBytes }));
  http('generate', generateFunction({ ...rim, make: generate }));
  http('upscale', upscaleFunction({ ...rim, make: upscale }));
  if (buckets === undefined) return;
  const onUpload = onUploadFunction({
    handle: async (upload, signal) => (await jobs()).uploads(upload, signal),
    deadlineMs: config.editDeadlineMs,
    inputBucket: buckets.input,
    maxEventAgeMs: budget.maxEventAgeMs,
    log,
    tracing,
  });
  // One parameter only: the framework takes a second one for a callback and waits for it.
  cloudEvent('onUpload', (event: CloudEvent<unknown>) => track(onUpload(event)));
  http(
    'runJob',
    runJobFunction({ ...rim, handle: async (upload, signal) => (await jobs()).runJob(upload, signal) }),
  );
  http(
    'sweep',
    sweepFunction({ ...rim, handle: async (options, signal) => (await jobs()).sweep(options, signal) }),
  );
}
