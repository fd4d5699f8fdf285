import { describe, expect, it } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import type { Dispatch } from '../../../lib/jobs/dispatch.ts';
import { handleUpload } from '../../../lib/jobs/upload.ts';
import { never, planOptions } from '../../support/job-world.ts';
import { memoryBuckets, memoryClient, put } from '../../support/memory-store.ts';

const upload = { bucket: 'input', name: 'd/_folder.mask.png' };

function folderOf(pictures: number, dispatch: Dispatch, dispatchesAtOnce: number, others: string[] = []) {
  const world = memoryBuckets();
  put(world, upload, 'mask');
  for (const name of others) put(world, { bucket: 'input', name }, name);
  for (let n = 0; n < pictures; n++) put(world, { bucket: 'input', name: `d/p${100 + n}.jpg` }, `photo ${n}`);
  return {
    ...{ store: memoryClient(world), inputBucket: 'input', pairing: { folderMask: true }, plan: planOptions },
    ...{ dispatch, dispatchesAtOnce },
  };
}

describe("the event of a folder's mask", () => {
  it.each([1, 10])('starts %i jobs at once, 200 in all', async (limit) => {
    const images = new Set<string>();
    let running = 0;
    let most = 0;
    const dispatch: Dispatch = async (job) => {
      images.add(job.inputs.image.name);
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    };
    // One with a mask of its own, so that ten at a time do not make 200.
    await handleUpload(upload, folderOf(215, dispatch, limit, ['d/p100.mask.png']), never);
    expect(images.size).toBe(200);
    expect(most).toBe(limit);
  });

  it('looks at ten pictures at once', async () => {
    let running = 0;
    let most = 0;
    const options = folderOf(35, async () => {}, 1);
    const { store } = options;
    const slow: typeof store = {
      ...store,
      async *list(bucket, listing, signal) {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        yield* store.list(bucket, listing, signal);
      },
    };
    await handleUpload(upload, { ...options, store: slow }, never);
    expect(most).toBe(10);
  });

  it('begins no job after its deadline, and comes again', async () => {
    const deadline = new AbortController();
    let begun = 0;
    const dispatch: Dispatch = async () => {
      if (++begun === 3) deadline.abort();
    };
    const handled = handleUpload(upload, folderOf(20, dispatch, 1), deadline.signal);
    await expect(handled).rejects.toMatchObject({ code: 'CANCELLED', kind: 'passing' });
    expect(begun).toBe(3);
  });

  it('gives every picture its turn where one fails', async () => {
    let begun = 0;
    const dispatch: Dispatch = async () => {
      if (++begun === 2) throw new EditError('BUSY', 'Expected the job free');
    };
    await expect(handleUpload(upload, folderOf(8, dispatch, 4), never)).rejects.toMatchObject({
      code: 'BUSY',
    });
    expect(begun).toBe(8);
  });
});
