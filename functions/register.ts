import { cloudEvent, http } from '@google-cloud/functions-framework';
import type { Wiring } from '../lib/wiring.ts';
import { editFunction } from './edit.ts';
import { generateFunction } from './generate.ts';
import { onUploadFunction } from './on-upload.ts';
import { upscaleFunction } from './upscale.ts';

/** Every function by the name it is deployed under, and whether it works on buckets. */
export const functionTable = {
  onUpload: { needsBuckets: true },
  edit: { needsBuckets: false },
  generate: { needsBuckets: false },
  upscale: { needsBuckets: false },
} as const;

export type FunctionName = keyof typeof functionTable;

/** Registers with the framework what the configuration allows; nothing is built before its first request. */
export function registerFunctions({ config, log, edit, generate, upscale, uploads }: Wiring): void {
  const { buckets, limits, editDeadlineMs, budget } = config;
  http('edit', editFunction({ edit, maxImageBytes: limits.maxImageBytes, deadlineMs: editDeadlineMs, log }));
  http('generate', generateFunction({ make: generate, deadlineMs: editDeadlineMs, log }));
  http('upscale', upscaleFunction({ make: upscale, deadlineMs: editDeadlineMs, log }));
  if (buckets === undefined) return;
  const { maxEventAgeMs } = budget;
  const handle = async (upload: Parameters<Awaited<ReturnType<typeof uploads>>>[0]) =>
    (await uploads())(upload);
  cloudEvent('onUpload', onUploadFunction({ handle, inputBucket: buckets.input, maxEventAgeMs, log }));
}
