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
  { config, log, edit, generate, upscale, jobs }: Wiring,
  track: Track = async (work) => work,
): void {
  const http = (name: FunctionName, handle: HttpFunction) =>
    httpOf(name, (request, response) => track(handle(request, response)));
  const { buckets, limits, editDeadlineMs, budget } = config;
  http('edit', editFunction({ edit, maxImageBytes: limits.maxImageBytes, deadlineMs: editDeadlineMs, log }));
  http('generate', generateFunction({ make: generate, deadlineMs: editDeadlineMs, log }));
  http('upscale', upscaleFunction({ make: upscale, deadlineMs: editDeadlineMs, log }));
  if (buckets === undefined) return;
  const { maxEventAgeMs } = budget;
  const handle = async (upload: { readonly bucket: string; readonly name: string }) =>
    (await jobs()).uploads(upload);
  const onUpload = onUploadFunction({ handle, inputBucket: buckets.input, maxEventAgeMs, log });
  cloudEvent('onUpload', (event: CloudEvent<unknown>) => track(onUpload(event)));
  const deadlineMs = editDeadlineMs;
  http(
    'runJob',
    runJobFunction({
      handle: async (upload, signal) => (await jobs()).runJob(upload, signal),
      deadlineMs,
      log,
    }),
  );
  http(
    'sweep',
    sweepFunction({
      handle: async (options, signal) => (await jobs()).sweep(options, signal),
      deadlineMs,
      log,
    }),
  );
}
