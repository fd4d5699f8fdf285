import { expect, test } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import type { InpaintEngine } from '../../../lib/engines/engine.ts';
import { engineCodec } from '../../../lib/formats/vips/engine-codec.ts';
import { runJob } from '../../../lib/jobs/run/run.ts';
import { greyPaint } from '../../support/engines.ts';
import { jobsOf, never, runOptions } from '../../support/job-world.ts';
import { memoryBuckets, memoryClient, put } from '../../support/memory-store.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../../support/pictures.ts';

const size = { width: 700, height: 540 };
const mask = boxMask(size, { left: 220, top: 170, width: 260, height: 190 });
const frames = { kind: 'fixed', sizes: [{ width: 256, height: 192 }] } as const;
const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0.01, maxRegions: 1, maxTiles: 16 };
const editWith = (engine: InpaintEngine) =>
  editor({ engine, limits: { maxImageBytes: 1e7, maxImagePixels: 1e7 }, defaults });

/**
 * Answers a grey hole, then tiles with what it was sent; the process dies before the answer to `diesAt` is
 * saved.
 */
function mirror(diesAt?: string) {
  const calls: string[] = [];
  const engine: InpaintEngine = {
    name: 'fake:1',
    frames,
    async inpaint(request) {
      const { key } = request;
      calls.push(key);
      if (key === diesAt) throw new Error('power cut');
      const answer = key === 'r0' ? greyPaint(request)! : request.crop;
      return {
        outcomes: [{ kind: 'image', image: await engineCodec.encode(answer) }],
        warnings: [],
        calls: 1,
      };
    },
  };
  return { engine, calls };
}

test('a job that stops among its tiles continues with the next one and repeats no answered call', async () => {
  const world = memoryBuckets();
  const photo = await pipelineOf(wavePicture(size)).png().toBuffer();
  put(world, { bucket: 'input', name: 'p.png' }, photo);
  put(world, { bucket: 'input', name: 'p.mask.png' }, await maskPng(mask));
  put(world, { bucket: 'input', name: 'p.json' }, JSON.stringify({ detail: 'tiles' }));
  const store = memoryClient(world);
  const [job] = await jobsOf(store, 'p.png');
  const options = { editWith, maxImageBytes: 1e7 };

  const first = mirror('r0t2');
  await expect(runJob(job!, runOptions(store, first.engine, options), never)).rejects.toThrow('power cut');
  expect(first.calls).toEqual(['r0', 'r0t0', 'r0t1', 'r0t2']);

  world.nowMs += 20 * 60_000;
  const second = mirror();
  const { outcome } = await runJob(job!, runOptions(store, second.engine, options), never);
  expect(outcome).toBe('published');
  expect(second.calls).toEqual(['r0t2', 'r0t3']);
  const manifest = [...world.objects.entries()].find(([key]) => key.endsWith('manifest.json'))![1];
  expect(JSON.parse(new TextDecoder().decode(manifest.bytes))).toMatchObject({
    claimedCalls: { r0: 1, r0t0: 1, r0t1: 1, r0t2: 2, r0t3: 1 },
  });
});
