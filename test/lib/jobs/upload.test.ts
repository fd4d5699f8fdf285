import { describe, expect, it } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import type { Dispatch } from '../../../lib/jobs/dispatch.ts';
import { handleUpload } from '../../../lib/jobs/upload.ts';
import { never, planOptions } from '../../support/job-world.ts';
import { bucketsWith, memoryClient } from '../../support/memory-store.ts';

const upload = { bucket: 'input', name: 'd/_folder.mask.png' };

function folderOf(pictures: number, dispatch: Dispatch, dispatchesAtOnce: number, others: string[] = []) {
  const names = Array.from({ length: pictures }, (_, n) => `d/p${100 + n}.jpg`);
  const store = memoryClient(bucketsWith(upload.name, ...others, ...names));
  const pairing = { folderMask: true };
  return { store, inputBucket: 'input', pairing, plan: planOptions, dispatch, dispatchesAtOnce };
}

describe('the event of the mask of a folder', () => {
  it.each([1, 10])('dispatches %i jobs at once, 200 in all', async (limit) => {
    const images = new Set<string>();
    let running = 0;
    let most = 0;
    const dispatch: Dispatch = async (job) => {
      images.add(job.inputs.image.name);
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    };
    // One picture has a mask of its own, so that 200 is no multiple of ten listed pictures.
    await handleUpload(upload, folderOf(215, dispatch, limit, ['d/p100.mask.png']), never);
    expect(images.size).toBe(200);
    expect(most).toBe(limit);
  });

  it('collects ten sets at once', async () => {
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

  it('begins no job after its deadline, and asks for another delivery', async () => {
    const deadline = new AbortController();
    let begun = 0;
    const dispatch: Dispatch = async () => {
      if (++begun === 3) deadline.abort();
    };
    const handled = handleUpload(upload, folderOf(20, dispatch, 1), deadline.signal);
    await expect(handled).rejects.toMatchObject({ code: 'CANCELLED', kind: 'passing' });
    expect(begun).toBe(3);
  });

  it('dispatches every job when some fail, and throws an error that asks for another delivery', async () => {
    let begun = 0;
    const dispatch: Dispatch = async () => {
      begun++;
      if (begun === 2) throw new EditError('REQUEST_INVALID', 'Expected a request');
      if (begun === 5) throw new EditError('BUSY', 'Expected the job to be free');
    };
    const handled = handleUpload(upload, folderOf(8, dispatch, 4), never);
    await expect(handled).rejects.toMatchObject({ code: 'BUSY' });
    expect(begun).toBe(8);
  });
});
