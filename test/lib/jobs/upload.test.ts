import { expect, it } from 'vitest';
import { EditError, type ErrorCode } from '../../../lib/errors.ts';
import { handleUpload } from '../../../lib/jobs/upload.ts';
import { buckets, never, planOptions, silentLog } from '../../support/job-world.ts';
import { memoryBuckets, memoryClient, put } from '../../support/memory-store.ts';

it.each([
  [['ENGINE_UNSUPPORTED', 'STORAGE_UNAVAILABLE'], 'STORAGE_UNAVAILABLE'],
  [['STORAGE_UNAVAILABLE', 'ENGINE_UNSUPPORTED'], 'STORAGE_UNAVAILABLE'],
  [['ENGINE_UNSUPPORTED', 'ENGINE_UNSUPPORTED'], 'ENGINE_UNSUPPORTED'],
] as const)('of %j comes again if any of the jobs has to: %s', async (codes, code) => {
  const world = memoryBuckets();
  for (const name of ['p.jpg', 'p.png', 'p.mask.png']) put(world, { bucket: 'input', name }, name);
  const left: ErrorCode[] = [...codes];
  const upload = handleUpload(
    { bucket: 'input', name: 'p.mask.png' },
    {
      store: memoryClient(world),
      inputBucket: buckets.input,
      pairing: { folderMask: false },
      plan: planOptions,
      async dispatch() {
        throw new EditError(left.shift() ?? 'INTERNAL', 'Expected a job to end, got none');
      },
      log: silentLog,
    },
    never,
  );
  await expect(upload).rejects.toMatchObject({ code });
  expect(left).toEqual([]);
});
